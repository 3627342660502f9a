//! `PUT /api/data/{table}/{key}`

use ddb_testkit::json;

use crate::STAGE;

#[tokio::test]
async fn a_record_is_replaced_and_keeps_key_owner_and_creation() {
    let cast = STAGE.cast().await;
    let made =
        cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "a": 1, "b": 2, "$ttl": 3_600 })).await.expect(201);
    let replaced = cast.admin.put(&made.path(), &json!({ "a": null, "c": 3 })).await.expect(200);
    let (old, new) = (&made.json["data"], &replaced.json["data"]);
    assert_eq!((&new["id"], &new["_owner"], &new["created"]), (&old["id"], &old["_owner"], &old["created"]));
    assert!(new["updated"].as_str() > old["updated"].as_str());
    assert_eq!((&new["a"], &new["c"]), (&json!(null), &json!(3)));
    assert!(new.get("a").is_some() && new.get("b").is_none(), "null is stored, what is not named goes");
    assert!(new.get("_expires").is_none(), "the expiry is the body's, or none");
    assert_eq!(replaced.header("etag"), format!("\"{}\"", replaced.tx()));
    assert!(replaced.tx() > made.tx());
    assert_eq!(cast.user.get(&made.path()).await.json["data"], *new);
    let again = cast.user.put(&made.path(), &json!({ "$ttl": 60 })).await.expect(200);
    assert!(again.json["data"]["_expires"].is_string());
    assert!(again.json["data"].get("c").is_none());
    let forever = cast.user.put(&made.path(), &json!({ "$ttl": null })).await.expect(200);
    assert!(forever.json["data"].get("_expires").is_none());
}

#[tokio::test]
async fn the_same_again_makes_no_transaction() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "a": 1 })).await.expect(201);
    let same = cast.user.put(&made.path(), &json!({ "a": 1 })).await.expect(200);
    assert_eq!(same.header("etag"), made.header("etag"));
    assert_eq!(same.json["data"], made.json["data"]);
    let float = cast.user.put(&made.path(), &json!({ "a": 1.0 })).await.expect(200);
    assert_ne!(float.header("etag"), made.header("etag"), "1.0 is equal to 1, and another value");
}

#[tokio::test]
async fn only_owner_and_admin_can_replace() {
    // Mutant: `Rows::All` for everyone in `Session::replace`.
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let made = cast.user.post(&path, &json!({ "id": "known", "a": 1 })).await.expect(201);
    for caller in [&cast.other_user.client, &cast.anon] {
        for caller in
            [caller.clone(), caller.with_header("if-match", "\"1\""), caller.with_header("if-match", made.header("etag"))]
        {
            let hidden = caller.put(&format!("{path}/known"), &json!({ "a": 2 })).await.expect_error(404, "NOT_FOUND");
            let never = caller.put(&format!("{path}/never"), &json!({ "a": 2 })).await.expect_error(404, "NOT_FOUND");
            assert_eq!(hidden.blind(&["known"]), never.blind(&["never"]));
        }
    }
    assert_eq!(cast.user.get(&made.path()).await.json["data"], made.json["data"]);
}

/// Mutant: `replace` does not look at `CreateOnly`.
#[tokio::test]
async fn if_none_match_creates_and_never_replaces() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}/mine", cast.table());
    let create = |client: &ddb_testkit::Client| client.with_header("if-none-match", "*");
    create(&cast.anon).put(&path, &json!({ "a": 1 })).await.expect_error(401, "UNAUTHENTICATED");
    let made = create(&cast.user).put(&path, &json!({ "id": "mine", "a": 1, "$ttl": 60 })).await.expect(201);
    assert_eq!(made.header("etag"), format!("\"{}\"", made.tx()));
    assert!(made.json["data"]["_expires"].is_string());
    for caller in [&cast.user, &cast.other_user.client, &cast.admin] {
        create(caller).put(&path, &json!({ "a": 2 })).await.expect_error(409, "CONFLICT");
    }
    assert_eq!(cast.user.get(&path).await.json["data"], made.json["data"]);
    // What was read of another record may be sent, but not another owner.
    let copy =
        create(&cast.user).put(&format!("{path}3"), &json!({ "a": 1, "_owner": made.json["data"]["_owner"], "_tx": 7 })).await;
    assert_eq!(copy.expect(201).json["data"]["a"], 1);
    let foreign = create(&cast.other_user).put(&format!("{path}4"), &json!({ "_owner": made.json["data"]["_owner"] })).await;
    foreign.expect_error(422, "VALIDATION_FAILED");
    let other = create(&cast.user).put(&format!("{path}2"), &json!({ "id": "mine" })).await;
    other.expect_error(422, "VALIDATION_FAILED");
    for (value, if_match) in [("\"1\"", None), ("*", Some("\"1\""))] {
        let client = cast.user.with_header("if-none-match", value);
        let client = if_match.map_or(client.clone(), |tag| client.with_header("if-match", tag));
        client.put(&format!("{path}2"), &json!({})).await.expect_error(400, "BAD_REQUEST");
    }
    cast.user.get(&format!("{path}2")).await.expect(404);
}

#[tokio::test]
async fn a_record_that_is_absent_is_not_made() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    for path in [format!("/api/data/{table}/x"), "/api/data/no_such_table/x".to_owned()] {
        for caller in [&cast.user, &cast.admin] {
            caller.put(&path, &json!({ "a": 1 })).await.expect_error(404, "NOT_FOUND");
        }
    }
    assert!(cast.admin.get(&format!("/api/data/{table}")).await.ids().is_empty());
}

#[tokio::test]
async fn a_replace_can_be_of_a_version() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "n": 1 })).await.expect(201);
    let first = cast.user.with_header("if-match", made.header("etag"));
    first.put(&made.path(), &json!({ "n": 2 })).await.expect(200);
    first.put(&made.path(), &json!({ "n": 3 })).await.expect_error(412, "VERSION_MISMATCH");
    first.put(&made.path(), &json!({ "n": 2 })).await.expect_error(412, "VERSION_MISMATCH");
    for bad in ["*", "w/\"1\"", "W/1", "\"1\", \"2\"", "1", "\"x\"", "\"0\""] {
        cast.user.with_header("if-match", bad).put(&made.path(), &json!({ "n": 4 })).await.expect_error(400, "BAD_REQUEST");
    }
    cast.user
        .with_header("if-match", made.header("etag"))
        .with_header("if-match", made.header("etag"))
        .put(&made.path(), &json!({ "n": 4 }))
        .await
        .expect_error(400, "BAD_REQUEST");
    assert_eq!(cast.user.get(&made.path()).await.json["data"]["n"], 2);
}

#[tokio::test]
async fn the_servers_names_cannot_be_written() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "n": 1 })).await.expect(201);
    for body in [json!({ "_owner": cast.other_user.id }), json!({ "in": 1 }), json!({ "out": 1 })] {
        let refused = cast.user.put(&made.path(), &body).await.expect_error(422, "VALIDATION_FAILED");
        assert_eq!(refused.json["error"]["details"][0]["code"], "RESERVED", "{body}");
    }
    for body in [json!([]), json!([{}]), json!(1), json!("x"), json!(null), json!({ "$ttl": 0 }), json!({ "a": { "$inc": 1 } })] {
        cast.user.put(&made.path(), &body).await.expect_error(422, "VALIDATION_FAILED");
    }
    assert_eq!(cast.user.get(&made.path()).await.json["data"], made.json["data"]);
}
