//! `GET /api/audit/tx/{n}`

use std::time::Duration;

use ddb_testkit::{Answer, Client, Json, json};

use crate::STAGE;

async fn transaction(caller: &Client, tx: i64) -> Answer {
    caller.get(&format!("/api/audit/tx/{tx}")).await
}

/// Field, action and value of each fact.
fn facts(answer: &Answer) -> Vec<Json> {
    let facts = answer.json["data"]["facts"].as_array().expect("a list");
    facts.iter().map(|fact| json!([fact["position"], fact["id"], fact["field"], fact["action"], fact["value"]])).collect()
}

/// What an error tells, without the number that was asked for, whose digits are counted in a header too.
fn told(error: &Answer, tx: i64) -> String {
    error.json["error"]["message"].as_str().expect("a message").replace(&tx.to_string(), "…")
        + &error.json["error"]["details"].to_string()
}

#[tokio::test]
async fn a_transaction_is_shown_with_its_facts_and_the_hashes_of_all() {
    let cast = STAGE.cast().await;
    let made = cast
        .user
        .with_header("x-request-id", "of-a-tx")
        .post(&format!("/api/data/{}", cast.table()), &json!({ "a": 1, "b": "x" }))
        .await
        .expect(201);
    let changed = cast.admin.patch(&made.path(), &json!({ "a": 1.5, "b": null })).await.expect(200);
    let id = &made.json["data"]["id"];
    for caller in [&cast.user.client, &cast.admin.client] {
        let first = transaction(caller, made.tx()).await.expect(200);
        let data = &first.json["data"];
        assert_eq!(
            (&data["tx"], &data["actor"], &data["request_id"]),
            (&json!(made.tx()), &json!(cast.user.id), &json!("of-a-tx"))
        );
        assert_eq!(data["time"], made.json["data"]["created"]);
        assert_eq!((&data["leaf_count"], data["leaves"].as_array().map(Vec::len)), (&json!(4), Some(4)));
        let expected = [
            json!([0, id, "$exists", "assert", true]),
            json!([1, id, "$owner", "assert", cast.user.id]),
            json!([2, id, "a", "assert", 1]),
            json!([3, id, "b", "assert", "x"]),
        ];
        assert_eq!(facts(&first), expected);
        let second = transaction(caller, changed.tx()).await.expect(200);
        assert_eq!(facts(&second), [json!([0, id, "a", "assert", 1.5]), json!([1, id, "b", "retract", null])]);
        assert_eq!(second.json["data"]["actor"], json!(cast.admin.id));
        if changed.tx() == made.tx() + 1 {
            assert_eq!(second.json["data"]["previous"], data["hash"]);
        }
    }
    let typed = cast.user.with_header("accept", "application/vnd.ddb.typed+json");
    assert_eq!(transaction(&typed, made.tx()).await.expect(200).json["data"]["facts"][0]["id"], json!({ "$record": id }));
}

#[tokio::test]
async fn a_transaction_of_which_a_caller_may_read_nothing_does_not_exist() {
    // Mutants: `spans` in `transaction.rs` with every entity of the transaction; `shows` always true.
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let of_user = cast.user.post(&path, &json!({ "id": "known", "secret": "swordfish" })).await.expect(201);
    let to_come = i64::MAX;
    for caller in [&cast.other_user.client, &cast.anon] {
        let hidden = transaction(caller, of_user.tx()).await.expect_error(404, "NOT_FOUND");
        let never = transaction(caller, to_come).await.expect_error(404, "NOT_FOUND");
        assert_eq!(told(&hidden, of_user.tx()), told(&never, to_come));
    }
    // Once the key is another's, the first owner reads nothing of it any more, nor does the second of what was before.
    cast.user.delete(&of_user.path()).await.expect(204);
    transaction(&cast.user, of_user.tx()).await.expect(200);
    let of_other = cast.other_user.post(&path, &json!({ "id": "known" })).await.expect(201);
    transaction(&cast.user, of_user.tx()).await.expect_error(404, "NOT_FOUND");
    transaction(&cast.other_user, of_user.tx()).await.expect_error(404, "NOT_FOUND");
    transaction(&cast.other_user, of_other.tx()).await.expect(200);
    transaction(&cast.admin, of_user.tx()).await.expect(200);
}

#[tokio::test]
async fn of_a_transaction_about_two_owners_each_reads_his_part() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let mut mixed = 0;
    // The reaper may come first, every five seconds; it does not come to each.
    for key in ["a", "b", "c"] {
        cast.user.post(&path, &json!({ "id": key, "secret": "swordfish", "$ttl": 1 })).await.expect(201);
        tokio::time::sleep(Duration::from_millis(1_050)).await;
        let taken = cast.other_user.post(&path, &json!({ "id": key, "mine": 1 })).await.expect(201);
        let all = transaction(&cast.admin, taken.tx()).await.expect(200);
        let own = transaction(&cast.other_user, taken.tx()).await.expect(200);
        assert_eq!(own.json["data"]["leaves"], all.json["data"]["leaves"]);
        transaction(&cast.user, taken.tx()).await.expect_error(404, "NOT_FOUND");
        let of_all = facts(&all);
        if of_all.len() == 4 {
            assert_eq!(of_all[0][3], "retract");
            assert_eq!(facts(&own), of_all[1..]);
            mixed += 1;
        }
    }
    assert!(mixed > 0, "the reaper was always first");
}

#[tokio::test]
async fn bad_input_is_refused() {
    let cast = STAGE.cast().await;
    for tx in ["0", "-1", "%2B1", "1.0", "x", "9223372036854775808", "%ff", "1?x=1", "1?at=1"] {
        cast.admin.get(&format!("/api/audit/tx/{tx}")).await.expect_error(400, "BAD_REQUEST");
    }
    cast.admin.get("/api/audit/tx").await.expect_error(404, "NOT_FOUND");
    cast.admin.post("/api/audit/tx/1", &json!({})).await.expect_error(405, "METHOD_NOT_ALLOWED");
}
