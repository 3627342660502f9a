//! What ops do, together and one after the other.

use ddb_testkit::{Json, Stage, json};

use super::mutate;
use crate::STAGE;

#[tokio::test]
async fn ops_of_several_tables_are_one_transaction() {
    let cast = STAGE.cast().await;
    let (a, b) = (cast.table(), cast.table());
    let known = cast.user.post(&format!("/api/data/{a}"), &json!({ "id": "known", "n": 1, "tags": ["x"] })).await.expect(201);
    let answer = mutate(
        &cast.user,
        json!([
            { "op": "create", "table": b, "data": { "title": "made" } },
            { "op": "create", "table": b, "id": 7 },
            { "op": "merge", "table": a, "id": "known", "data": { "n": { "$inc": 2 }, "tags": { "$push": "y" }, "$ttl": 3600 } },
            { "op": "upsert", "table": a, "id": "new", "data": { "n": { "$inc": 5 }, "gone": null, "kept": { "$null": true } } },
            { "op": "upsert", "table": a, "id": "known", "data": { "tags": { "$pull": "x" } } },
            { "op": "update", "table": b, "id": 7, "data": { "whole": null } },
            { "op": "delete", "table": a, "id": "new" },
        ]),
    )
    .await
    .expect(200);
    assert!(answer.tx() > known.tx(), "{}", answer.text());
    assert_eq!(answer.header("x-ddb-tx"), answer.tx().to_string());
    let results = answer.json["results"].as_array().expect("results");
    assert_eq!(results.len(), 7);
    assert_eq!(results[0]["title"], "made");
    assert_eq!(results[1]["id"], format!("{b}:7"));
    assert_eq!((&results[2]["n"], &results[2]["tags"]), (&json!(3), &json!(["x", "y"])));
    assert!(results[2]["_expires"].is_string());
    assert_eq!((&results[3]["n"], &results[3]["kept"], results[3].get("gone")), (&json!(5), &Json::Null, None));
    assert_eq!(results[4]["tags"], json!(["y"]));
    assert_eq!((&results[5]["whole"], results[5]["created"] == results[5]["updated"]), (&Json::Null, true));
    assert_eq!(results[6], Json::Null);
    // A read shows what the last op on each record left.
    let found = cast.user.get(&format!("/api/data/{a}/known")).await.expect(200);
    assert_eq!((&found.json["data"], found.header("etag")), (&results[4], &*format!("\"{}\"", answer.tx())));
    let other = cast.user.get(&format!("/api/data/{b}/7")).await.expect(200);
    assert_eq!((&other.json["data"], other.header("etag")), (&results[5], found.header("etag")), "one transaction");
    cast.user.get(&format!("/api/data/{a}/new")).await.expect_error(404, "NOT_FOUND");
    cast.other_user.get(&format!("/api/data/{b}/7")).await.expect_error(404, "NOT_FOUND");
    let typed = cast.user.with_header("accept", "application/vnd.ddb.typed+json");
    let answer =
        mutate(&typed, json!([{ "op": "create", "table": b, "data": { "at": { "$datetime": "2026-11-22T10:00:00Z" } } }])).await;
    assert_eq!(answer.expect(200).json["results"][0]["at"], json!({ "$datetime": "2026-11-22T10:00:00Z" }));
}

#[tokio::test]
async fn an_op_sees_what_those_before_it_did() {
    // Mutant: `Evaluation::state` gives the slot's record, whatever the effects say.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}/r");
    let made = mutate(
        &cast.user,
        json!([
            { "op": "create", "table": table, "id": "r", "data": { "n": 1, "first": true } },
            { "op": "merge", "table": table, "id": "r", "data": { "n": { "$inc": 1 } } },
            { "op": "merge", "table": table, "id": "r", "data": { "n": { "$inc": 1 }, "first": null } },
        ]),
    )
    .await
    .expect(200);
    assert_eq!(cast.user.get(&path).await.expect(200).json["data"]["n"], 3);
    // The key is free again after a delete in the same request, and the new record is another one.
    let renewed = mutate(
        &cast.user,
        json!([
            { "op": "delete", "table": table, "id": "r" },
            { "op": "create", "table": table, "id": "r", "data": { "m": 1 } },
            { "op": "create", "table": table, "id": "s", "data": {} },
            { "op": "delete", "table": table, "id": "s" },
        ]),
    )
    .await
    .expect(200);
    let found = cast.user.get(&path).await.expect(200);
    assert_eq!((&found.json["data"]["m"], found.json["data"].get("n")), (&json!(1), None));
    assert!(found.json["data"]["created"] != made.json["results"][0]["created"]);
    let then = cast.user.get(&format!("{path}?at={}", made.tx())).await.expect(200);
    assert_eq!((&then.json["data"]["n"], then.json["data"].get("first")), (&json!(3), None));
    assert_eq!(cast.user.get(&format!("{path}?at={}", renewed.tx())).await.expect(200).json["data"]["m"], 1);
    cast.user.get(&format!("/api/data/{table}/s")).await.expect_error(404, "NOT_FOUND");
    // What comes to nothing makes no transaction, and ops that cancel each other do.
    let nothing = mutate(&cast.user, json!([{ "op": "merge", "table": table, "id": "r", "data": { "m": 1 } }])).await.expect(200);
    assert!(nothing.tx() >= renewed.tx());
    assert_eq!(cast.user.get(&path).await.expect(200).header("etag"), format!("\"{}\"", renewed.tx()));
    let empty = mutate(&cast.user, json!([])).await.expect(200);
    assert_eq!(empty.json["results"], json!([]));
    let verified = cast.server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

#[tokio::test]
async fn one_refused_op_undoes_all_and_is_named() {
    // Mutant: `refusing` is left out of `Session::mutate`.
    let cast = STAGE.cast().await;
    let (table, fresh) = (cast.table(), cast.table());
    let data = format!("/api/data/{table}");
    cast.user
        .post(&data, &json!([{ "id": "mine", "n": 1, "t": "x" }, { "id": "full", "n": i64::MAX, "t": "y" }]))
        .await
        .expect(201);
    cast.other_user.post(&data, &json!({ "id": "theirs" })).await.expect(201);
    cast.admin.post(&format!("/api/schema/{table}/indexes"), &json!({ "fields": ["t"], "unique": true })).await.expect(201);
    let big = "x".repeat(1 << 20);
    for (op, status, code, field) in [
        (json!({ "op": "create", "table": table, "id": "mine" }), 409, "CONFLICT", "ops[2]"),
        (json!({ "op": "create", "table": table, "id": "theirs" }), 409, "CONFLICT", "ops[2]"),
        (json!({ "op": "upsert", "table": table, "id": "theirs", "data": {} }), 409, "CONFLICT", "ops[2]"),
        (json!({ "op": "create", "table": table, "data": { "t": "y" } }), 409, "CONFLICT", "ops[2].data.t"),
        (json!({ "op": "merge", "table": table, "id": "theirs", "data": {} }), 404, "NOT_FOUND", "ops[2]"),
        (json!({ "op": "update", "table": table, "id": "never", "data": {} }), 404, "NOT_FOUND", "ops[2]"),
        (json!({ "op": "delete", "table": "nowhere", "id": 1 }), 404, "NOT_FOUND", "ops[2]"),
        (json!({ "op": "delete", "table": table, "id": "early" }), 404, "NOT_FOUND", "ops[2]"),
        (
            json!({ "op": "merge", "table": table, "id": "mine", "data": { "n": { "$inc": 1 } }, "if_tx": 1 }),
            412,
            "VERSION_MISMATCH",
            "ops[2]",
        ),
        (json!({ "op": "upsert", "table": table, "id": "never", "if_tx": 1 }), 412, "VERSION_MISMATCH", "ops[2]"),
        (
            json!({ "op": "merge", "table": table, "id": "full", "data": { "n": { "$inc": 1 } } }),
            422,
            "VALIDATION_FAILED",
            "ops[2].data.n",
        ),
        (
            json!({ "op": "merge", "table": table, "id": "mine", "data": { "t": { "$push": 1 } } }),
            422,
            "VALIDATION_FAILED",
            "ops[2].data.t",
        ),
        (json!({ "op": "create", "table": table, "data": { "big": big } }), 413, "PAYLOAD_TOO_LARGE", "ops[2]"),
    ] {
        let answer = mutate(
            &cast.user,
            json!([
                { "op": "create", "table": fresh, "id": "early" },
                { "op": "merge", "table": table, "id": "mine", "data": { "n": 2 } },
                op,
                { "op": "delete", "table": table, "id": "mine" },
            ]),
        )
        .await
        .expect_error(status, code);
        let error = &answer.json["error"];
        assert!(error["message"].as_str().is_some_and(|message| message.starts_with("op 2: ")), "{error}");
        assert_eq!(error["details"][0]["field"], field, "{error}");
        assert_eq!(cast.user.get(&format!("{data}/mine")).await.expect(200).json["data"]["n"], 1);
    }
    // Not even the table came into being.
    cast.admin.get(&format!("/api/schema/{fresh}")).await.expect_error(404, "NOT_FOUND");
    // What is hidden reads like what is not there, to the byte.
    let of = |key: &str| json!([{ "op": "merge", "table": table, "id": key, "data": {} }]);
    let hidden = mutate(&cast.user, of("theirs")).await.expect(404).blind(&["theirs"]);
    assert_eq!(hidden, mutate(&cast.user, of("nobody")).await.expect(404).blind(&["nobody"]));
    assert_eq!(cast.admin.get(&format!("{data}/theirs")).await.expect(200).json["data"]["id"], format!("{table}:theirs"));
    mutate(&cast.admin, of("theirs")).await.expect(200);
}

#[tokio::test]
async fn a_version_is_that_of_the_record_when_the_op_comes() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let made = cast.user.post(&format!("/api/data/{table}"), &json!({ "id": "r", "n": 1 })).await.expect(201);
    let op = |name: &str, tx: i64| json!({ "op": name, "table": table, "id": "r", "data": { "n": { "$inc": 1 } }, "if_tx": tx });
    let merged = mutate(&cast.user, json!([op("merge", made.tx())])).await.expect(200);
    mutate(&cast.user, json!([op("merge", made.tx())])).await.expect_error(412, "VERSION_MISMATCH");
    mutate(&cast.user, json!([op("merge", merged.tx()), op("upsert", merged.tx())])).await.expect_error(412, "VERSION_MISMATCH");
    let upserted = mutate(&cast.user, json!([op("upsert", merged.tx())])).await.expect(200);
    assert_eq!(upserted.json["results"][0]["n"], 3);
    let delete = |tx: i64| json!([{ "op": "delete", "table": table, "id": "r", "if_tx": tx }]);
    mutate(&cast.user, delete(merged.tx())).await.expect_error(412, "VERSION_MISMATCH");
    mutate(&cast.other_user, delete(upserted.tx())).await.expect_error(404, "NOT_FOUND");
    mutate(&cast.user, delete(upserted.tx())).await.expect(200);
}

#[tokio::test]
async fn nobody_takes_the_key_of_anothers_profile() {
    // Mutant: `is_of_another` gives false.
    let stage = Stage::new();
    let cast = stage.cast().await;
    let id = &cast.other_user.id;
    let key = id.trim_start_matches("user:").to_owned();
    // As it was possible once: an account without a record.
    let mut session = cast.server.embedded().await.connect().await;
    let table = session.value("select id::text from ddb.data_table where namespace = 1 and name = 'user'").await;
    assert!(session.execute(&format!("delete from ddb_data.t1_{table}")).await > 0);
    for name in ["create", "upsert"] {
        let op = json!([{ "op": name, "table": "user", "id": key, "data": {} }]);
        mutate(&cast.admin, op.clone()).await.expect_error(409, "CONFLICT");
        mutate(&cast.user, op.clone()).await.expect_error(403, "PERMISSION_DENIED");
        mutate(&cast.other_user, op).await.expect_error(403, "PERMISSION_DENIED");
    }
    cast.admin.post("/api/data/user", &json!({ "id": key })).await.expect_error(409, "CONFLICT");
    // The account's own way makes it.
    let me =
        cast.other_user.patch("/api/auth/me", &json!({ "name": "Back", "created": "2001-01-01T00:00:00Z" })).await.expect(200);
    assert_eq!(me.json["name"], "Back");
    let record = cast.other_user.get(&format!("/api/data/{}", id.replacen(':', "/", 1))).await.expect(200);
    assert_eq!((&record.json["data"]["_owner"], &record.json["data"]["name"]), (&json!(id), &json!("Back")));
}
