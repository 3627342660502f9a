//! `POST /api/data/{table}/{key}/restore`

use std::time::Duration;

use ddb_testkit::json;

use crate::STAGE;

fn restore(path: &str) -> String {
    format!("{path}/restore")
}

#[tokio::test]
async fn a_record_becomes_what_it_was_by_a_new_transaction() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "a": 1, "b": [null, 1.0] })).await.expect(201);
    let changed = cast.user.put(&made.path(), &json!({ "c": "x" })).await.expect(200);
    let restored = cast.user.post(&restore(&made.path()), &json!({ "tx": made.tx() })).await.expect(200);
    assert!(restored.tx() > changed.tx());
    assert_eq!(restored.header("etag"), format!("\"{}\"", restored.tx()));
    assert_eq!(restored.header("x-ddb-tx"), restored.tx().to_string());
    let mut expected = made.json["data"].clone();
    expected["updated"] = restored.json["data"]["updated"].clone();
    assert_eq!(restored.json["data"], expected);
    assert_eq!(cast.user.get(&made.path()).await.expect(200).json["data"], expected);
    let history = cast.user.get(&format!("{}/history", made.path())).await.expect(200);
    assert_eq!(history.records().len(), 3, "the past stands as it was");
    let changes = json!({ "a": { "after": 1 }, "b": { "after": [null, 1.0] }, "c": { "before": "x" } });
    assert_eq!((&history.records()[0]["action"], &history.records()[0]["changes"]), (&json!("update"), &changes));

    let again = cast.user.post(&restore(&made.path()), &json!({ "tx": made.tx() })).await.expect(200);
    assert_eq!(again.header("etag"), restored.header("etag"), "what changes nothing makes no transaction");
    let between = cast.admin.post(&restore(&made.path()), &json!({ "tx": restored.tx() - 1 })).await.expect(200);
    assert_eq!(between.json["data"]["c"], "x", "any transaction names a state");
    let typed = cast.user.with_header("accept", "application/vnd.ddb.typed+json");
    let typed = typed.post(&restore(&made.path()), &json!({ "tx": made.tx() })).await.expect(200);
    assert!(typed.json["data"]["created"]["$datetime"].is_string());
}

#[tokio::test]
async fn an_expiry_is_restored_unless_it_has_passed() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let long = cast.user.post(&path, &json!({ "$ttl": 3600 })).await.expect(201);
    cast.user.patch(&long.path(), &json!({ "$ttl": null })).await.expect(200);
    let restored = cast.user.post(&restore(&long.path()), &json!({ "tx": long.tx() })).await.expect(200);
    assert_eq!(restored.json["data"]["_expires"], long.json["data"]["_expires"]);

    let short = cast.user.post(&path, &json!({ "a": 1, "$ttl": 1 })).await.expect(201);
    cast.user.put(&short.path(), &json!({ "a": 2 })).await.expect(200);
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    let restored = cast.user.post(&restore(&short.path()), &json!({ "tx": short.tx() })).await.expect(200);
    assert_eq!((&restored.json["data"]["a"], restored.json["data"].get("_expires")), (&json!(1), None));
}

#[tokio::test]
async fn a_restore_can_be_of_a_version() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "n": 1 })).await.expect(201);
    let changed = cast.user.patch(&made.path(), &json!({ "n": 2 })).await.expect(200);
    let of = |tx: i64| cast.user.with_header("if-match", &format!("\"{tx}\""));
    let body = json!({ "tx": made.tx() });
    of(made.tx()).post(&restore(&made.path()), &body).await.expect_error(412, "VERSION_MISMATCH");
    cast.user.with_header("if-match", "*").post(&restore(&made.path()), &body).await.expect_error(400, "BAD_REQUEST");
    assert_eq!(cast.user.get(&made.path()).await.json["data"]["n"], 2);
    of(changed.tx()).post(&restore(&made.path()), &body).await.expect(200);
}

#[tokio::test]
async fn what_was_not_there_then_cannot_be_restored() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let first = cast.user.post(&path, &json!({})).await.expect(201);
    let made = cast.user.post(&path, &json!({ "id": "k", "a": 1 })).await.expect(201);
    let deleted: i64 = cast.user.delete(&made.path()).await.expect(204).header("x-ddb-tx").parse().expect("a tx");
    cast.user.post(&restore(&made.path()), &json!({ "tx": made.tx() })).await.expect_error(404, "NOT_FOUND");
    let again = cast.user.post(&path, &json!({ "id": "k", "a": 2 })).await.expect(201);
    for tx in [0, first.tx(), deleted] {
        cast.user.post(&restore(&made.path()), &json!({ "tx": tx })).await.expect_error(404, "NOT_FOUND");
    }
    assert_eq!(cast.user.get(&again.path()).await.json["data"]["a"], 2);
    let restored = cast.user.post(&restore(&made.path()), &json!({ "tx": made.tx() })).await.expect(200);
    assert_eq!(restored.json["data"]["a"], 1, "an earlier life of the caller's own can be");
}

#[tokio::test]
async fn nobody_restores_what_is_not_or_was_not_his() {
    // Mutants: `current.past` without its filter; `past.owner != record.owner` left out.
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let of_user = cast.user.post(&path, &json!({ "id": "known", "secret": "swordfish" })).await.expect(201);
    let changed = cast.user.patch(&of_user.path(), &json!({ "n": 1 })).await.expect(200);
    let body = json!({ "tx": of_user.tx() });
    for caller in [&cast.other_user.client, &cast.anon] {
        for (tx, expected) in [(of_user.tx(), 404), (changed.tx(), 404), (0, 404)] {
            let body = json!({ "tx": tx });
            let hidden = caller.post(&format!("{path}/known/restore"), &body).await.expect(expected);
            let never = caller.post(&format!("{path}/never/restore"), &body).await.expect(expected);
            assert_eq!(hidden.blind(&["known"]), never.blind(&["never"]));
            let caller = caller.with_header("if-match", "\"1\"");
            let hidden = caller.post(&format!("{path}/known/restore"), &body).await.expect(expected);
            assert_eq!(hidden.blind(&["known"]), never.blind(&["never"]));
        }
    }
    cast.user.delete(&of_user.path()).await.expect(204);
    let of_other = cast.other_user.post(&path, &json!({ "id": "known", "mine": 1 })).await.expect(201);
    cast.user.post(&restore(&of_user.path()), &body).await.expect_error(404, "NOT_FOUND");
    cast.other_user.post(&restore(&of_user.path()), &body).await.expect_error(404, "NOT_FOUND");
    // An admin sees both, but would give the one's data to the other.
    cast.admin.post(&restore(&of_user.path()), &body).await.expect_error(409, "CONFLICT");
    assert_eq!(cast.other_user.get(&of_other.path()).await.expect(200).json["data"], of_other.json["data"]);
}

#[tokio::test]
async fn bad_input_is_refused() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "a": 1 })).await.expect(201);
    let path = restore(&made.path());
    for body in [
        json!({}),
        json!({ "tx": "1" }),
        json!({ "tx": 1.0 }),
        json!({ "tx": -1 }),
        json!({ "tx": null }),
        json!([]),
        json!({ "tx": made.tx(), "a": 1 }),
    ] {
        cast.user.post(&path, &body).await.expect_error(422, "VALIDATION_FAILED");
    }
    for tx in [99_999_999, i64::MAX] {
        cast.user.post(&path, &json!({ "tx": tx })).await.expect_error(400, "BAD_REQUEST");
        let never = format!("/api/data/{}/never/restore", cast.table());
        cast.other_user.post(&never, &json!({ "tx": tx })).await.expect_error(400, "BAD_REQUEST");
    }
    cast.user.post(&format!("{path}?tx=1"), &json!({ "tx": made.tx() })).await.expect_error(400, "BAD_REQUEST");
    cast.user.get(&path).await.expect_error(405, "METHOD_NOT_ALLOWED");
    assert_eq!(cast.user.get(&made.path()).await.header("etag"), made.header("etag"));
}
