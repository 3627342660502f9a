//! `POST /api/data/{table}`

use ddb_testkit::{Json, Method, json};

use crate::STAGE;

#[tokio::test]
async fn a_record_is_made_and_belongs_to_its_creator() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let fields = json!({ "title": "Ship v1", "status": "active", "priority": 1 });
    let made = cast.user.post(&format!("/api/data/{table}"), &fields).await.expect(201);
    let record = &made.json["data"];
    let key = record["id"].as_str().expect("an id").strip_prefix(&format!("{table}:")).expect("the table's name");
    assert!(key.len() == 20 && key.ends_with(|last: char| last.is_ascii_lowercase()), "{key}");
    assert_eq!(record["title"], "Ship v1");
    assert_eq!(record["_owner"], cast.user.id.as_str());
    assert_eq!(record["created"], record["updated"]);
    assert!(record["created"].as_str().is_some_and(|time| time.ends_with('Z')), "{record}");
    let names: Vec<&String> = record.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["_owner", "created", "id", "priority", "status", "title", "updated"]);
    let tx = made.tx();
    assert_eq!(made.header("etag"), format!("\"{tx}\""));
    assert_eq!(made.header("x-ddb-tx"), tx.to_string());
    assert_eq!(made.header("cache-control"), "private, no-store");
    assert_eq!(made.header("content-type"), "application/json");
    assert_eq!(made.header("x-ddb-version"), "2026-11-22");
    let read = cast.user.get(&made.path()).await.expect(200);
    assert_eq!(&read.json["data"], record);
    assert_eq!(read.header("etag"), made.header("etag"));
}

#[tokio::test]
async fn an_admin_can_create_and_owns_what_he_makes() {
    let cast = STAGE.cast().await;
    let made = cast.admin.post(&format!("/api/data/{}", cast.table()), &json!({})).await.expect(201);
    assert_eq!(made.json["data"]["_owner"], cast.admin.id.as_str());
    cast.user.get(&made.path()).await.expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn the_anonymous_cannot_create() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    for body in [json!({ "a": 1 }), json!([]), json!([{}]), json!({ "id": 1 })] {
        cast.anon.post(&path, &body).await.expect_error(401, "UNAUTHENTICATED");
    }
    // His body is not read, so that nobody fills the memory without an account.
    cast.anon.send_text(Method::POST, &path, "no JSON").await.expect_error(401, "UNAUTHENTICATED");
    for method in [Method::PATCH, Method::PUT] {
        cast.anon.send_text(method, &format!("{path}/1"), "no JSON").await.expect_error(404, "NOT_FOUND");
    }
    for token in ["x", "a.b.c", "ddb_key"] {
        cast.anon.with_token(token).post(&path, &json!({})).await.expect_error(401, "UNAUTHENTICATED");
    }
    assert!(cast.admin.get(&path).await.expect(200).ids().is_empty());
}

#[tokio::test]
async fn an_array_is_made_in_one_transaction_and_in_its_order() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let body = json!([{ "id": 3, "n": "c" }, { "n": "generated" }, { "id": "x", "n": "x" }]);
    let made = cast.user.post(&path, &body).await.expect(201);
    let names: Vec<&Json> = made.records().iter().map(|record| &record["n"]).collect();
    assert_eq!(names, ["c", "generated", "x"]);
    assert_eq!(made.header("x-ddb-tx"), made.tx().to_string());
    assert_eq!(made.header("etag"), "", "several records have no version of their own");
    for record in made.records() {
        let path = record["id"].as_str().expect("an id").replacen(':', "/", 1);
        let read = cast.user.get(&format!("/api/data/{path}")).await.expect(200);
        assert_eq!(read.header("etag"), format!("\"{}\"", made.tx()));
    }
    let none = cast.user.post(&path, &json!([])).await.expect(201);
    assert_eq!((none.records().len(), none.header("x-ddb-tx")), (0, none.tx().to_string().as_str()));
    assert!(none.tx() >= made.tx());
}

#[tokio::test]
async fn ten_thousand_records_are_the_most() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let bodies = |count| Json::Array(vec![json!({}); count]);
    cast.user.post(&path, &bodies(10_001)).await.expect_error(422, "VALIDATION_FAILED");
    assert!(cast.user.get(&path).await.ids().is_empty());
    let made = cast.user.post(&path, &bodies(10_000)).await.expect(201);
    assert_eq!(made.records().len(), 10_000);
}

#[tokio::test]
async fn an_array_with_one_bad_record_makes_none() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    cast.user.post(&path, &json!({ "id": "taken" })).await.expect(201);
    for (body, status, code, field) in [
        (json!([{ "id": 1 }, { "id": "taken" }]), 409, "CONFLICT", None),
        (json!([{ "id": 1 }, { "id": 1 }]), 409, "CONFLICT", None),
        (json!([{ "id": "x" }, {}, { "id": "x", "n": 1 }]), 409, "CONFLICT", None),
        (json!([{ "id": 1 }, { "_owner": "user:x" }]), 422, "VALIDATION_FAILED", Some("1._owner")),
        (json!([{ "id": 1 }, { "a": { "$x": 1 } }]), 422, "VALIDATION_FAILED", Some("1.a.$x")),
        (json!([{ "id": 1 }, 1]), 422, "VALIDATION_FAILED", None),
        (json!([{ "id": 1 }, []]), 422, "VALIDATION_FAILED", None),
        (json!([{ "id": 1 }, null]), 422, "VALIDATION_FAILED", None),
        (json!([{ "id": 1 }, { "big": "x".repeat(1 << 20) }]), 413, "PAYLOAD_TOO_LARGE", None),
    ] {
        let refused = cast.user.post(&path, &body).await.expect_error(status, code);
        if let Some(field) = field {
            assert_eq!(refused.json["error"]["details"][0]["field"], field);
        }
        assert_eq!(cast.admin.get(&path).await.ids().len(), 1, "{status} {code}");
    }
}

#[tokio::test]
async fn a_refused_create_makes_no_table() {
    // Mutant: leave out `check` in `session/create.rs`.
    let cast = STAGE.cast().await;
    let table = format!("{}_never", cast.table());
    let fields: Json = (0..1_001).map(|n| (format!("f{n}"), Json::from(n))).collect();
    for (body, status) in [
        (json!([{ "id": 1 }, { "id": 1 }]), 409),
        (json!({ "big": "x".repeat(1 << 20) }), 413),
        (fields, 403),
        (json!({ "_owner": "user:x" }), 422),
        (json!([]), 201),
    ] {
        cast.user.post(&format!("/api/data/{table}"), &body).await.expect(status);
    }
    cast.anon.post(&format!("/api/data/{table}"), &json!({})).await.expect(401);
    for path in [format!("/api/data/{table}"), format!("/api/data/{table}/1")] {
        cast.user.get(&path).await;
        cast.user.put(&path, &json!({})).await;
    }
    let status = cast.server.ddb(&["status"]);
    assert_eq!(status.code, Some(0), "{}", status.stderr);
    assert!(status.stdout.contains("user"), "{}", status.stdout);
    assert!(!status.stdout.contains(&table), "{}", status.stdout);
}

#[tokio::test]
async fn a_taken_key_is_409_whether_it_is_visible_or_not() {
    // Mutant: `Some(_) => Ok(Change::Keep)` in `session/create.rs`.
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    for key in [json!("k"), json!(7), json!({ "$uuid": "018f3c5e-7c5a-7aaa-8aaa-000000000001" })] {
        cast.user.post(&path, &json!({ "id": key, "mine": true })).await.expect(201);
        let again = json!({ "id": key, "mine": false });
        let own = cast.user.post(&path, &again).await.expect_error(409, "CONFLICT");
        let others = cast.other_user.post(&path, &again).await.expect_error(409, "CONFLICT");
        let admins = cast.admin.post(&path, &again).await.expect_error(409, "CONFLICT");
        assert_eq!(own.blind(&[]), others.blind(&[]));
        assert_eq!(own.blind(&[]), admins.blind(&[]));
    }
    assert!(cast.user.get(&path).await.records().iter().all(|record| record["mine"] == true));
    assert!(cast.other_user.get(&path).await.ids().is_empty());
}

#[tokio::test]
async fn ttl_is_a_number_of_seconds() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let longest = 1_000_i64 * 365 * 24 * 3_600;
    for ttl in [json!(0), json!(-1), json!("60"), json!(1.0), json!(null), json!([1]), json!(longest + 1), json!(i64::MAX)] {
        let refused = cast.user.post(&path, &json!({ "$ttl": ttl })).await.expect_error(422, "VALIDATION_FAILED");
        assert_eq!(refused.json["error"]["details"][0]["field"], "$ttl", "{ttl}");
    }
    assert!(cast.user.get(&path).await.ids().is_empty());
    cast.user.post(&path, &json!({ "$ttl": longest })).await.expect(201);
    let made = cast.user.post(&path, &json!({ "$ttl": 3_600, "a": 1 })).await.expect(201);
    let expires = made.json["data"]["_expires"].as_str().expect("a time");
    let created = made.json["data"]["created"].as_str().expect("a time");
    assert!(expires > created && expires.ends_with('Z'), "{expires}");
    assert!(made.json["data"].get("$ttl").is_none());
}

#[tokio::test]
async fn an_expired_record_is_gone_at_once_and_its_key_is_free() {
    // Mutants: leave out the `retain` in `read/by_key.rs`, or the condition on `p.expires` in `read/list.rs`.
    let cast = STAGE.cast().await;
    let (table, ids) = (cast.table(), [json!(1), json!(2)]);
    let path = format!("/api/data/{table}");
    for id in &ids {
        cast.user.post(&path, &json!({ "id": id, "$ttl": 1, "life": 1 })).await.expect(201);
    }
    cast.user.post(&path, &json!({ "id": 3 })).await.expect(201);
    assert_eq!(cast.user.get(&path).await.ids().len(), 3);
    let never = cast.user.get(&format!("{path}/9")).await.blind(&[&format!("{table}:9")]);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    for caller in [&cast.user, &cast.admin] {
        assert_eq!(caller.get(&path).await.ids(), [format!("{table}:3")]);
        let one = format!("{path}/1");
        assert_eq!(caller.get(&one).await.blind(&[&format!("{table}:1")]), never);
        caller.patch(&one, &json!({ "$ttl": null })).await.expect_error(404, "NOT_FOUND");
        caller.put(&one, &json!({})).await.expect_error(404, "NOT_FOUND");
        caller.delete(&one).await.expect_error(404, "NOT_FOUND");
    }
    let made = cast.other_user.post(&path, &json!({ "id": 1, "life": 2 })).await.expect(201);
    assert_eq!(made.json["data"]["_owner"], cast.other_user.id.as_str());
    assert!(made.json["data"].get("_expires").is_none(), "the new record does not inherit the expiry");
    assert_eq!(cast.other_user.get(&format!("{path}/1")).await.expect(200).json["data"]["life"], 2);
}

#[tokio::test]
async fn null_is_stored() {
    let cast = STAGE.cast().await;
    let made =
        cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "a": null, "b": { "c": null } })).await.expect(201);
    let read = cast.user.get(&made.path()).await;
    let record = read.json["data"].as_object().expect("an object");
    assert!(record.get("a").is_some_and(Json::is_null), "{record:?}");
    assert_eq!(record["b"], json!({ "c": null }));
}

#[tokio::test]
async fn the_operators_of_a_merge_are_not_values() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    for value in
        [json!({ "$inc": 1 }), json!({ "$push": 1 }), json!({ "$pull": 1 }), json!({ "$null": true }), json!({ "$nope": 1 })]
    {
        cast.user.post(&path, &json!({ "a": value })).await.expect_error(422, "VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn a_table_has_a_thousand_fields_at_most() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let fields = |from: usize, to: usize| (from..to).map(|n| (format!("f{n}"), Json::from(n))).collect::<Json>();
    cast.user.post(&path, &fields(0, 1_001)).await.expect_error(403, "QUOTA_EXCEEDED");
    assert!(cast.user.get(&path).await.ids().is_empty());
    let made = cast.user.post(&path, &fields(0, 1_000)).await.expect(201);
    cast.user.post(&path, &fields(1_000, 1_001)).await.expect_error(403, "QUOTA_EXCEEDED");
    cast.user.patch(&made.path(), &json!({ "another": 1 })).await.expect_error(403, "QUOTA_EXCEEDED");
    cast.user.put(&made.path(), &json!({ "another": 1 })).await.expect_error(403, "QUOTA_EXCEEDED");
    let other = cast.user.post(&path, &fields(500, 1_000)).await.expect(201);
    assert_eq!(other.json["data"]["f999"], 999);
    assert_eq!(cast.user.get(&path).await.ids().len(), 2);
}

/// "In a record that has such a field the name means the field, in every other one the system value."
#[tokio::test]
async fn a_field_created_or_updated_takes_the_name_in_its_record_only() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let before = cast.user.post(&path, &json!({ "n": 1 })).await.expect(201);
    let own = cast.user.post(&path, &json!({ "created": "long ago" })).await.expect(201);
    assert_eq!(own.json["data"]["created"], "long ago");
    assert!(own.json["data"]["updated"].is_string());
    for answer in [cast.user.get(&before.path()).await, cast.user.patch(&before.path(), &json!({ "n": 2 })).await] {
        assert_eq!(answer.expect(200).json["data"]["created"], before.json["data"]["created"], "the system's still");
    }
    let number = cast.user.put(&before.path(), &json!({ "updated": 7 })).await.expect(200);
    assert_eq!((&number.json["data"]["updated"], &number.json["data"]["created"]), (&json!(7), &before.json["data"]["created"]));
    let list = cast.user.get(&path).await;
    assert_eq!((&list.records()[0]["updated"], &list.records()[1]["created"]), (&json!(7), &json!("long ago")));
    let lost = cast.user.patch(&own.path(), &json!({ "created": null })).await.expect(200);
    assert!(lost.json["data"]["created"].as_str().is_some_and(|time| time.ends_with('Z')), "{}", lost.text());
}

/// Threat 31: what a body says about rights has no effect on them.
#[tokio::test]
async fn fields_that_look_like_rights_give_none() {
    let cast = STAGE.cast().await;
    let (table, rights) = (
        cast.table(),
        json!({ "roles": ["admin", "root"], "verified": true, "admin": true, "password_hash": "x", "banned": false }),
    );
    let path = format!("/api/data/{table}");
    let foreign = cast.user.post(&path, &json!({ "secret": 1 })).await.expect(201).path();
    let own = format!("/api/data/{}", cast.other_user.id.replacen(':', "/", 1));
    for refused in [cast.other_user.patch(&own, &rights).await, cast.other_user.put(&own, &rights).await] {
        refused.expect_error(422, "VALIDATION_FAILED");
    }
    // Also where an admin writes them there.
    cast.admin.patch(&own, &rights).await.expect(200);
    cast.other_user.post(&path, &rights).await.expect(201);
    cast.other_user.get(&foreign).await.expect_error(404, "NOT_FOUND");
    assert_eq!(cast.other_user.get(&path).await.ids().len(), 1);
    let me = cast.other_user.get("/api/auth/me").await.expect(200);
    assert_eq!((&me.json["roles"], &me.json["verified"]), (&json!([]), &json!(false)), "{}", me.text());
    cast.admin.put(&own, &json!({})).await.expect(200);
}

#[tokio::test]
async fn another_method_cannot_be_smuggled_in() {
    let cast = STAGE.cast().await;
    let path = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "a": 1 })).await.expect(201).path();
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let client = cast.user.with_header(name, "DELETE");
        client.get(&path).await.expect(200);
        client.send(Method::POST, &path, None).await.expect_error(405, "METHOD_NOT_ALLOWED");
    }
    cast.user.get(&format!("{path}?_method=DELETE")).await.expect_error(400, "BAD_REQUEST");
    cast.user.get(&path).await.expect(200);
}
