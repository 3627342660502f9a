//! `POST /api/data/{table}/{key}/undelete`

use std::time::Duration;

use ddb_testkit::{Json, json};

use crate::STAGE;

fn undelete(path: &str) -> String {
    format!("{path}/undelete")
}

const NO_BODY: Json = Json::Null;

#[tokio::test]
async fn a_deleted_record_comes_back_as_it_was_last() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    for deleter in [&cast.user, &cast.admin] {
        let made = cast.user.post(&path, &json!({ "a": 1, "$ttl": 3600 })).await.expect(201);
        let changed = cast.user.patch(&made.path(), &json!({ "b": [1.0] })).await.expect(200);
        deleter.delete(&made.path()).await.expect(204);
        let back = deleter.post(&undelete(&made.path()), &NO_BODY).await.expect(200);
        assert!(back.tx() > changed.tx());
        assert_eq!(
            (back.header("etag"), back.header("x-ddb-tx")),
            (format!("\"{}\"", back.tx()).as_str(), back.tx().to_string().as_str())
        );
        let mut expected = changed.json["data"].clone();
        expected["created"] = back.json["data"]["created"].clone();
        expected["updated"] = back.json["data"]["created"].clone();
        assert!(expected["created"].as_str() > made.json["data"]["created"].as_str(), "a new life has a beginning of its own");
        assert_eq!(back.json["data"], expected);
        assert_eq!(cast.user.get(&made.path()).await.expect(200).json["data"], expected, "it belongs to whom it did");
        let history = cast.user.get(&format!("{}/history", made.path())).await.expect(200);
        let actions: Vec<&str> = history.records().iter().filter_map(|version| version["action"].as_str()).collect();
        assert_eq!(actions, ["create", "delete", "update", "create"]);
        cast.user.post(&undelete(&made.path()), &NO_BODY).await.expect_error(409, "CONFLICT");
    }
}

#[tokio::test]
async fn an_expired_record_comes_back_without_its_expiry() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    // With the reaper's deletion between, and without it: it runs every five seconds.
    for wait in [1_050, 6_500] {
        let made = cast.user.post(&path, &json!({ "a": 1, "$ttl": 1 })).await.expect(201);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        cast.other_user.post(&undelete(&made.path()), &NO_BODY).await.expect_error(404, "NOT_FOUND");
        let back = cast.user.post(&undelete(&made.path()), &NO_BODY).await.expect(200);
        assert_eq!((&back.json["data"]["a"], back.json["data"].get("_expires")), (&json!(1), None));
    }
}

#[tokio::test]
async fn nobody_undeletes_what_was_not_his_last() {
    // Mutants: each of the three `rows.contain` in `Session::undelete`.
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let check = async |what: &str| {
        for caller in [&cast.other_user.client, &cast.anon] {
            let hidden = caller.post(&format!("{path}/known/undelete"), &NO_BODY).await.expect_error(404, "NOT_FOUND");
            let never = caller.post(&format!("{path}/never/undelete"), &NO_BODY).await.expect_error(404, "NOT_FOUND");
            assert_eq!(hidden.blind(&["known"]), never.blind(&["never"]), "{what}");
        }
    };
    let made = cast.user.post(&path, &json!({ "id": "known", "secret": "swordfish" })).await.expect(201);
    check("while it exists").await;
    cast.user.delete(&made.path()).await.expect(204);
    check("once it is deleted").await;
    cast.other_user.post(&path, &json!({ "id": "known" })).await.expect(201);
    cast.user.post(&undelete(&made.path()), &NO_BODY).await.expect_error(404, "NOT_FOUND");
    cast.other_user.post(&undelete(&made.path()), &NO_BODY).await.expect_error(409, "CONFLICT");
    cast.other_user.delete(&made.path()).await.expect(204);
    cast.user.post(&undelete(&made.path()), &NO_BODY).await.expect_error(404, "NOT_FOUND");
    let back = cast.other_user.post(&undelete(&made.path()), &NO_BODY).await.expect(200);
    assert!(!back.text().contains("swordfish"));
}

#[tokio::test]
async fn the_last_state_is_that_under_the_lock() {
    // That a group never mixes such a write with others is tested in `ddb-store`.
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let (user, other) = (&cast.user, &cast.other_user);
    let mut came_back = 0;
    for round in 0..25 {
        let key = format!("{path}/k{round}");
        user.post(&path, &json!({ "id": format!("k{round}"), "of": user.id })).await.expect(201);
        user.delete(&key).await.expect(204);
        user.post(&undelete(&key), &NO_BODY).await.expect(200);
        user.delete(&key).await.expect(204);
        let theirs = async {
            for _ in 0..4 {
                if other.post(&path, &json!({ "id": format!("k{round}"), "of": other.id })).await.status == 201 {
                    other.delete(&key).await.expect(204);
                }
            }
        };
        let ours = async {
            for _ in 0..4 {
                let back = user.post(&undelete(&key), &NO_BODY).await;
                if back.status == 200 {
                    user.delete(&key).await.expect(204);
                }
            }
        };
        tokio::join!(theirs, ours, async { user.post(&undelete(&key), &NO_BODY).await });
        let history = cast.admin.get(&format!("{key}/history")).await.expect(200);
        for pair in history.records().windows(2) {
            let (after, before) = (&pair[0], &pair[1]);
            let owner = &after["changes"]["_owner"]["after"];
            assert_eq!(after["changes"]["of"]["after"], *owner, "round {round}: {after}");
            if after["action"] == "create" && *owner == json!(user.id) {
                assert_eq!(before["changes"]["_owner"]["before"], *owner, "round {round}: only what was last comes back");
                came_back += 1;
            }
        }
    }
    // One in each round, and whatever came of the races.
    println!("{came_back} came back");
    assert!(came_back >= 25);
}

#[tokio::test]
async fn bad_input_is_refused() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let made = cast.user.post(&format!("/api/data/{table}"), &json!({})).await.expect(201);
    cast.user.delete(&made.path()).await.expect(204);
    cast.user.post(&format!("{}?tx=1", undelete(&made.path())), &NO_BODY).await.expect_error(400, "BAD_REQUEST");
    let conditional = cast.user.with_header("if-match", "\"1\"");
    conditional.post(&undelete(&made.path()), &NO_BODY).await.expect_error(400, "BAD_REQUEST");
    cast.user.get(&undelete(&made.path())).await.expect_error(405, "METHOD_NOT_ALLOWED");
    cast.user.post(&undelete(&format!("/api/data/{table}/%ff")), &NO_BODY).await.expect_error(400, "BAD_REQUEST");
    cast.user.post(&undelete("/api/data/nowhere_at_all/k"), &NO_BODY).await.expect_error(404, "NOT_FOUND");
    cast.user.get(&made.path()).await.expect_error(404, "NOT_FOUND");
}
