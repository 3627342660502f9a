//! `Idempotency-Key`: a request that is sent again has one effect and one answer.

use std::time::Duration;

use ddb_testkit::{Answer, Caller, Client, Method, json};
use futures::future::{join, join_all};
use tokio::time::sleep;

use crate::STAGE;

fn with_key(caller: &Caller, key: &str) -> Client {
    caller.with_header("idempotency-key", key)
}

/// What an answer says, without what is different each time.
fn said(answer: &Answer) -> (u16, String, [String; 4]) {
    let headers = ["x-ddb-tx", "etag", "content-type", "cache-control"].map(|name| answer.header(name).to_owned());
    (answer.status, answer.text(), headers)
}

#[tokio::test]
async fn fifty_calls_at_once_have_one_effect_and_one_answer() {
    // Mutants: `kept::find` finds nothing; `evaluate` does not add to `system.kept`.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let data = format!("/api/data/{table}");
    let (busy, many) = (format!("/api/data/{}", cast.table()), json!(vec![json!({ "n": 1 }); 500]));
    let counter = cast.user.post(&data, &json!({ "id": "counter", "n": 0 })).await.expect(201);
    let (create, add, mutate) = (
        json!({ "made": true }),
        json!({ "n": { "$inc": 1 } }),
        json!({ "ops": [
        { "op": "merge", "table": table, "id": "counter", "data": { "m": { "$inc": 1 } } },
        { "op": "create", "table": table, "data": { "mutated": true } },
    ] }),
    );
    for (method, path, body) in [
        (Method::POST, data.clone(), create),
        (Method::PATCH, counter.path(), add),
        (Method::POST, "/api/mutate".to_owned(), mutate),
    ] {
        let client = with_key(&cast.user, &format!("fifty-{table}-{method}{}", path.len()));
        // Meanwhile a large write has the lock, so that the calls wait together.
        let busy = cast.other_user.post(&busy, &many);
        let calls = async {
            sleep(Duration::from_millis(40)).await;
            join_all((0..50).map(|_| client.send_json(method.clone(), &path, &body))).await
        };
        let (_, answers) = join(busy, calls).await;
        let first = said(&answers[0]);
        assert!([200, 201].contains(&first.0), "{first:?}");
        assert!(answers.iter().all(|answer| said(answer) == first), "{first:?}");
        assert_eq!(said(&client.send_json(method, &path, &body).await), first, "later too");
    }
    assert!(!cast.server.log().contains("repeated one by one"), "PostgreSQL's constraint is a net, not the way");
    let records = cast.user.get(&data).await.expect(200);
    assert_eq!(records.records().len(), 3, "{}", records.text());
    let counter = cast.user.get(&counter.path()).await.expect(200);
    assert_eq!((&counter.json["data"]["n"], &counter.json["data"]["m"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn every_write_of_records_takes_a_key() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let data = format!("/api/data/{table}");
    let made = cast.user.post(&data, &json!({ "id": "r", "n": 0 })).await.expect(201);
    let path = made.path();
    let key = |name: &str| with_key(&cast.user, &format!("every-{table}-{name}"));
    let twice = async |client: Client, method: Method, path: String, body: ddb_testkit::Json, status: u16| {
        let first = client.send_json(method.clone(), &path, &body).await.expect(status);
        assert_eq!(said(&client.send_json(method.clone(), &path, &body).await), said(&first), "{method} {path}");
    };
    twice(key("list"), Method::POST, data.clone(), json!([{ "a": 1 }, { "a": 2 }]), 201).await;
    twice(key("patch"), Method::PATCH, path.clone(), json!({ "n": { "$inc": 1 } }), 200).await;
    twice(key("put"), Method::PUT, path.clone(), json!({ "n": 5 }), 200).await;
    twice(key("restore"), Method::POST, format!("{path}/restore"), json!({ "tx": made.tx() }), 200).await;
    twice(key("delete"), Method::DELETE, path.clone(), json!({}), 204).await;
    twice(key("undelete"), Method::POST, format!("{path}/undelete"), json!({}), 200).await;
    let typed = key("typed").with_header("accept", "application/vnd.ddb.typed+json");
    let first = typed.patch(&path, &json!({ "at": { "$datetime": "2026-11-22T10:00:00Z" } })).await.expect(200);
    let plain = key("typed").patch(&path, &json!({ "at": { "$datetime": "2026-11-22T10:00:00Z" } })).await.expect(200);
    assert_eq!(said(&plain), said(&first), "the answer is that of the first time, in its form");
    // A write that changes nothing is answered once, too.
    let nothing = key("nothing").patch(&path, &json!({ "n": 0 })).await.expect(200);
    cast.user.patch(&path, &json!({ "n": 9 })).await.expect(200);
    assert_eq!(said(&key("nothing").patch(&path, &json!({ "n": 0 })).await), said(&nothing));
    assert_eq!(cast.user.get(&path).await.expect(200).json["data"]["n"], 9);
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_caller() {
    // Mutant: `kept_key` leaves out the caller.
    let cast = STAGE.cast().await;
    let (table, other) = (cast.table(), cast.table());
    let (data, body) = (format!("/api/data/{table}"), json!({ "id": "r", "n": 1 }));
    let key = format!("one-{table}");
    let client = with_key(&cast.user, &key);
    client.post(&data, &body).await.expect(201);
    for (method, path, body) in [
        (Method::POST, data.clone(), json!({ "id": "r", "n": 2 })),
        (Method::POST, format!("/api/data/{other}"), body.clone()),
        (Method::PATCH, format!("{data}/r"), body.clone()),
        (Method::PATCH, format!("{data}/r"), json!({ "n": 1 })),
        (Method::DELETE, format!("{data}/r"), json!({})),
    ] {
        let refused = client.send_json(method, &path, &body).await;
        assert_eq!(refused.status, 422, "{}", refused.text());
    }
    client.post(&data, &body).await.expect(201);
    // Another caller's key is another key, and tells nothing of this one.
    let of_other = with_key(&cast.other_user, &key);
    of_other.post(&data, &body).await.expect_error(409, "CONFLICT");
    let made = of_other.post(&data, &json!({ "id": "other" })).await.expect(201);
    assert_eq!(made.json["data"]["id"], format!("{table}:other"));
    cast.anon.with_header("idempotency-key", &key).post(&data, &body).await.expect_error(401, "UNAUTHENTICATED");
    cast.anon.with_header("idempotency-key", &key).delete(&format!("{data}/r")).await.expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn what_failed_may_be_tried_again() {
    // Mutant: `kept::find` finds nothing.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let data = format!("/api/data/{table}");
    let made = cast.user.post(&data, &json!({ "id": "r" })).await.expect(201);
    let client = with_key(&cast.user, &format!("again-{table}"));
    client.post(&data, &json!({ "id": "r" })).await.expect_error(409, "CONFLICT");
    cast.user.delete(&made.path()).await.expect(204);
    let answer = client.post(&data, &json!({ "id": "r" })).await.expect(201);
    cast.user.delete(&made.path()).await.expect(204);
    assert_eq!(said(&client.post(&data, &json!({ "id": "r" })).await), said(&answer));
    cast.user.get(&made.path()).await.expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_kept_and_its_write_not_repeated() {
    // Mutant: `Kept::new` keeps every body.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let (data, client) = (format!("/api/data/{table}"), with_key(&cast.user, &format!("large-{table}")));
    let body = json!([{ "text": "x".repeat(700_000) }, { "text": "y".repeat(700_000) }]);
    let made = client.post(&data, &body).await.expect(201);
    let again = client.post(&data, &body).await.expect_error(409, "CONFLICT");
    assert!(again.text().contains(&format!("transaction {}", made.tx())), "{}", again.text());
    assert_eq!(cast.user.get(&data).await.expect(200).records().len(), 2);
}

#[tokio::test]
async fn keys_have_a_form_and_a_place() {
    // Mutants: `is_taken` is always true; `parse` takes any text.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let data = format!("/api/data/{table}");
    for key in ["", " ", "a b", &"k".repeat(256), "é"] {
        with_key(&cast.user, key).post(&data, &json!({})).await.expect_error(400, "BAD_REQUEST");
    }
    let two = with_key(&cast.user, "a").with_header("idempotency-key", "b");
    two.post(&data, &json!({})).await.expect_error(400, "BAD_REQUEST");
    for key in ["k".repeat(255), format!("!~'\"{table}")] {
        with_key(&cast.user, &key).post(&data, &json!({ "k": table })).await.expect(201);
    }
    let client = with_key(&cast.user, "k");
    for path in [&data, "/api/schema", "/api/auth/me", "/health"] {
        let refused = client.get(path).await.expect_error(400, "BAD_REQUEST");
        assert!(refused.text().contains("idempotency-key"), "{}", refused.text());
    }
    let body = json!({ "email": "someone@example.com", "password": "correct horse 42 battery" });
    for path in ["/api/auth/signup", "/api/auth/signin", "/api/auth/signout", "/api/query"] {
        let refused = client.post(path, &body).await.expect_error(400, "BAD_REQUEST");
        assert!(refused.text().contains("idempotency-key"), "{}", refused.text());
    }
    with_key(&cast.admin, "k")
        .post(&format!("/api/schema/{table}/indexes"), &json!({ "fields": ["k"] }))
        .await
        .expect_error(400, "BAD_REQUEST");
    client.post("/nowhere", &json!({})).await.expect_error(404, "NOT_FOUND");
}
