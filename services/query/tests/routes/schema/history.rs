//! `PATCH /api/schema` and `PATCH /api/schema/{table}`: how long the past is kept.
//! (What leaves the log, and what `verify` makes of it, is tested in `libs/store/tests/store/retention.rs`.)

use std::time::Duration;

use ddb_testkit::{Answer, Client, Json, Server, json};

use crate::STAGE;

/// The table once its past is known only from `tx` on or later, and what is before it is gone.
async fn pruned(admin: &Client, table: &str, tx: i64) -> i64 {
    for _ in 0..600 {
        let schema = admin.get(&format!("/api/schema/{table}")).await.expect(200);
        let horizon = schema.json["data"]["horizon"].as_i64().expect("a horizon");
        if horizon >= tx {
            // What it takes away follows at once.
            tokio::time::sleep(Duration::from_millis(500)).await;
            return horizon;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing is pruned");
}

async fn keep(admin: &Client, table: &str, history: Json) -> Answer {
    admin.patch(&format!("/api/schema/{table}"), &json!({ "history": history })).await
}

#[tokio::test]
async fn what_is_not_kept_is_410_and_what_is_stays() {
    let server = Server::start().await;
    let (admin, user, other) = (server.admin().await, server.user().await, server.user().await);
    let made = user.post("/api/data/note", &json!({ "a": 1, "secret": "first" })).await.expect(201);
    let gone = user.post("/api/data/note", &json!({ "secret": "deleted" })).await.expect(201);
    user.patch(&made.path(), &json!({ "secret": "second" })).await.expect(200);
    let changed = user.patch(&made.path(), &json!({ "secret": "third" })).await.expect(200);
    user.delete(&gone.path()).await.expect(204);
    let elsewhere = user.post("/api/data/log", &json!({ "line": 1 })).await.expect(201);
    let last = user.patch(&elsewhere.path(), &json!({ "line": 2 })).await.expect(200).tx();

    let set = keep(&admin, "note", json!("none")).await.expect(200);
    assert_eq!((&set.json["data"]["history"], &set.json["data"]["keeps"]), (&json!("none"), &json!("none")));
    let horizon = pruned(&admin, "note", last - 1).await;
    let later = user.patch(&made.path(), &json!({ "secret": "fourth" })).await.expect(200);

    let path = made.path();
    for caller in [&user, &admin] {
        caller.get(&format!("{path}?at={}", made.tx())).await.expect_error(410, "HISTORY_PRUNED");
        caller.get(&format!("{path}?at={}", horizon - 1)).await.expect_error(410, "HISTORY_PRUNED");
        let then = caller.get(&format!("{path}?at={horizon}")).await.expect(200);
        assert_eq!(then.json["data"], changed.json["data"], "the state at the horizon is whole");
        caller.post(&format!("{path}/restore"), &json!({ "tx": made.tx() })).await.expect_error(410, "HISTORY_PRUNED");
        let history = caller.get(&format!("{path}/history")).await.expect(200);
        let versions: Vec<_> = history.records().iter().map(|version| version["changes"].clone()).collect();
        assert_eq!(versions, [json!({ "secret": { "before": "third", "after": "fourth" } })]);
        assert_eq!(history.json["horizon"], json!(horizon), "and it says that there was more");
        assert_eq!(history.json["next_cursor"], Json::Null);
        // Of a record that was deleted before, nothing is known any more.
        caller.get(&format!("{}?at={}", gone.path(), gone.tx())).await.expect_error(404, "NOT_FOUND");
        caller.get(&format!("{}/history", gone.path())).await.expect_error(404, "NOT_FOUND");
        caller.post(&format!("{}/undelete", gone.path()), &Json::Null).await.expect_error(404, "NOT_FOUND");
        let proof = format!("/api/audit/proof/note/{}?tx={}", path.rsplit('/').next().expect("a key"), changed.tx() - 1);
        caller.get(&proof).await.expect_error(410, "HISTORY_PRUNED");
        // Another table keeps what it had.
        let then = caller.get(&format!("{}?at={}", elsewhere.path(), elsewhere.tx())).await.expect(200);
        assert_eq!(then.json["data"]["line"], json!(1));
        let history = caller.get(&format!("{}/history", elsewhere.path())).await.expect(200);
        assert_eq!((history.records().len(), history.json.get("horizon")), (2, None));
    }
    let dropped = format!("/api/audit/tx/{}", changed.tx() - 1);
    admin.get(&dropped).await.expect_error(410, "HISTORY_PRUNED");
    user.get(&dropped).await.expect_error(404, "NOT_FOUND");
    // Who may not see the record is not told that it had a past.
    other.get(&format!("{path}?at={}", made.tx())).await.expect_error(404, "NOT_FOUND");
    other.post(&format!("{path}/restore"), &json!({ "tx": made.tx() })).await.expect_error(404, "NOT_FOUND");
    // What leads over dropped transactions is proved by their hashes.
    let proof = format!(
        "/api/audit/proof/log/{}?tx={}&to={}",
        elsewhere.path().rsplit('/').next().expect("a key"),
        elsewhere.tx(),
        later.tx()
    );
    admin.get(&proof).await.expect(200);
    let report = server.ddb(&["verify"]);
    assert_eq!(report.code, Some(0), "{report:?}");
    // The key is free for a record of its own.
    let key = gone.path().rsplit('/').next().expect("a key").to_owned();
    let again = user.post("/api/data/note", &json!({ "id": key, "b": 1 })).await.expect(201);
    let history = user.get(&format!("{}/history", again.path())).await.expect(200);
    assert_eq!(history.records().len(), 1);
}

#[tokio::test]
async fn a_table_that_says_nothing_keeps_what_the_namespace_says() {
    let server = Server::start().await;
    let (admin, user) = (server.admin().await, server.user().await);
    let made = user.post("/api/data/note", &json!({ "a": 1 })).await.expect(201);
    user.post("/api/data/log", &json!({ "a": 1 })).await.expect(201);
    keep(&admin, "log", json!("forever")).await.expect(200);
    let all = admin.patch("/api/schema", &json!({ "history": "30d" })).await.expect(200);
    let mut keeps: Vec<_> = all.records().iter().map(|table| (table["name"].clone(), table["keeps"].clone())).collect();
    keeps.sort_by_key(|(name, _)| name.to_string());
    let expected = [("log", "forever"), ("note", "4w2d"), ("user", "4w2d")].map(|(name, keeps)| (json!(name), json!(keeps)));
    assert_eq!(keeps, expected);
    let changed = user.patch(&made.path(), &json!({ "a": 2 })).await.expect(200);
    admin.patch("/api/schema", &json!({ "history": "none" })).await.expect(200);
    pruned(&admin, "note", changed.tx()).await;
    user.get(&format!("{}?at={}", made.path(), made.tx())).await.expect_error(410, "HISTORY_PRUNED");
    let all = admin.patch("/api/schema", &json!({ "history": null })).await.expect(200);
    assert!(all.records().iter().all(|table| table["keeps"] == "forever"), "{}", all.text());
    user.get(&format!("{}?at={}", made.path(), made.tx())).await.expect_error(410, "HISTORY_PRUNED");
}

#[tokio::test]
async fn only_admins_say_how_long_the_past_is_kept() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    cast.user.post(&format!("/api/data/{table}"), &json!({ "a": 1 })).await.expect(201);
    let body = json!({ "history": "none" });
    for path in ["/api/schema".to_owned(), format!("/api/schema/{table}")] {
        cast.anon.patch(&path, &body).await.expect_error(401, "UNAUTHENTICATED");
        cast.user.patch(&path, &body).await.expect_error(403, "PERMISSION_DENIED");
        cast.user.patch(&path, &json!({ "nonsense": 1 })).await.expect_error(403, "PERMISSION_DENIED");
        for (body, field) in [
            (json!({}), "history"),
            (json!({ "history": 30 }), "history"),
            (json!({ "history": "" }), "history"),
            (json!({ "history": "a while" }), "history"),
            (json!({ "history": "-1d" }), "history"),
            (json!({ "history": "0s" }), "history"),
            (json!({ "history": "none", "indexes": [] }), "indexes"),
            (json!({ "histroy": "none" }), "histroy"),
        ] {
            let answer = cast.admin.patch(&path, &body).await.expect_error(422, "VALIDATION_FAILED");
            assert_eq!(answer.json["error"]["details"][0]["field"], field, "{body}");
        }
        cast.admin.patch(&format!("{path}?x=1"), &body).await.expect_error(400, "BAD_REQUEST");
    }
    keep(&cast.admin, "table_that_is_not_there", json!("none")).await.expect_error(404, "NOT_FOUND");
    let schema = cast.admin.get(&format!("/api/schema/{table}")).await.expect(200);
    assert_eq!(schema.json["data"]["keeps"], "forever", "nothing of it took effect");
}
