//! Records of the table `user`.

use ddb_testkit::{Caller, Client, Json, json};

use crate::STAGE;

fn profile(caller: &Caller) -> String {
    format!("/api/data/{}", caller.id.replacen(':', "/", 1))
}

async fn mutate(client: &Client, op: Json) -> ddb_testkit::Answer {
    client.post("/api/mutate", &json!({ "ops": [op] })).await
}

/// Mutant: `Session::policy` gives `Policy::Private` for `user`.
#[tokio::test]
async fn only_sign_up_and_admins_make_users() {
    let cast = STAGE.cast().await;
    let name = cast.table();
    for (client, status, code) in [(&cast.user.client, 403, "PERMISSION_DENIED"), (&cast.anon, 401, "UNAUTHENTICATED")] {
        for body in [json!({}), json!({ "id": name }), json!([{ "id": name }]), json!({ "roles": ["admin"] })] {
            client.post("/api/data/user", &body).await.expect_error(status, code);
        }
        for op in ["create", "upsert"] {
            mutate(client, json!({ "op": op, "table": "user", "id": name, "data": {} })).await.expect_error(status, code);
            let ops = json!({ "ops": [{ "id": "x", "type": "mutate", "ops": [{ "op": op, "table": "user" }] }] });
            client.post("/api/batch", &ops).await.expect_error(status, code);
        }
    }
    // Whether a user of that key exists does not show.
    for key in [cast.other_user.id.trim_start_matches("user:"), "never"] {
        let refused = mutate(&cast.user, json!({ "op": "upsert", "table": "user", "id": key, "data": {} })).await;
        refused.expect_error(403, "PERMISSION_DENIED");
    }
    let made = cast.admin.post("/api/data/user", &json!({ "id": name, "roles": ["guest"], "$ttl": 3_600 })).await.expect(201);
    assert_eq!((&made.json["data"]["roles"], &made.json["data"]["_owner"]), (&json!(["guest"]), &json!(cast.admin.id)));
    mutate(&cast.admin, json!({ "op": "upsert", "table": "user", "data": { "email": "x" } })).await.expect(200);
    // It is no account's, so it goes like any record.
    cast.admin.delete(&made.path()).await.expect(204);
}

/// Mutants: each door of `UserRecords` without its check.
#[tokio::test]
async fn the_record_of_an_account_neither_goes_nor_expires() {
    let cast = STAGE.cast().await;
    let path = profile(&cast.other_user);
    let key = cast.other_user.id.trim_start_matches("user:").to_owned();
    let before = cast.other_user.get(&path).await.expect(200);
    for client in [&cast.other_user.client, &cast.admin.client] {
        let mut refused = vec![
            client.delete(&path).await,
            client.patch(&path, &json!({ "$ttl": 60 })).await,
            client.put(&path, &json!({ "$ttl": 60 })).await,
            mutate(client, json!({ "op": "delete", "table": "user", "id": key })).await,
        ];
        for op in ["merge", "update", "upsert"] {
            refused.push(mutate(client, json!({ "op": op, "table": "user", "id": key, "data": { "$ttl": 60 } })).await);
        }
        let delete = json!([{ "op": "delete", "table": "user", "id": key }]);
        let batch = json!({ "ops": [{ "id": "x", "type": "mutate", "ops": delete }] });
        refused.push(client.post("/api/batch", &batch).await);
        for refused in refused {
            let refused = refused.expect_error(409, "CONFLICT");
            assert!(refused.text().contains("DELETE /api/auth/me"), "{}", refused.text());
        }
        let batch = json!({ "atomic": false, "ops": [{ "id": "x", "type": "mutate", "ops": delete }] });
        assert_eq!(client.post("/api/batch", &batch).await.expect(200).json["results"][0]["status"], 409);
        client.patch(&path, &json!({ "$ttl": null })).await.expect(200);
    }
    for (client, code) in [(&cast.user.client, "NOT_FOUND"), (&cast.anon, "NOT_FOUND")] {
        client.delete(&path).await.expect_error(404, code);
        client.patch(&path, &json!({ "$ttl": 60 })).await.expect_error(404, code);
    }
    assert_eq!(cast.other_user.get(&path).await.json["data"], before.json["data"]);
    // A restore makes it what it was, without ever taking it away.
    let restored = cast.other_user.post(&format!("{path}/restore"), &json!({ "tx": before.tx() })).await.expect(200);
    assert_eq!(restored.json["data"]["id"], before.json["data"]["id"]);
}

/// Mutant: `check_fields` and `keep_fields` know no names.
#[tokio::test]
async fn roles_verified_and_email_of_a_record_are_the_admins() {
    let cast = STAGE.cast().await;
    let path = profile(&cast.user);
    let key = cast.user.id.trim_start_matches("user:").to_owned();
    for (name, value) in [("roles", json!(["admin"])), ("verified", json!(true)), ("email", json!("x@example.com"))] {
        let begin = cast.admin.get(&path).await.expect(200);
        let mut body = json!({ "city": "Pune" });
        body[name] = value.clone();
        let mut push = json!({});
        push[name] = json!({ "$push": "x" });
        for refused in [
            cast.user.patch(&path, &body).await,
            cast.user.put(&path, &body).await,
            cast.user.patch(&path, &push).await,
            mutate(&cast.user, json!({ "op": "merge", "table": "user", "id": key, "data": body })).await,
            mutate(&cast.user, json!({ "op": "update", "table": "user", "id": key, "data": body })).await,
            mutate(&cast.user, json!({ "op": "upsert", "table": "user", "id": key, "data": body })).await,
        ] {
            let refused = refused.expect_error(422, "VALIDATION_FAILED");
            assert!(
                refused.json["error"]["details"][0]["field"].as_str().is_some_and(|field| field.ends_with(name)),
                "{}",
                refused.text()
            );
        }
        cast.admin.patch(&path, &body).await.expect(200);
        // What an admin set may be repeated, and neither left out nor taken away nor restored away.
        cast.user.patch(&path, &body).await.expect(200);
        let put = cast.user.put(&path, &json!({ "city": "Rome" })).await.expect(200);
        assert_eq!((&put.json["data"][name], &put.json["data"]["city"]), (&value, &json!("Rome")));
        let mut gone = json!({});
        gone[name] = json!(null);
        cast.user.patch(&path, &gone).await.expect_error(422, "VALIDATION_FAILED");
        let restored = cast.user.post(&format!("{path}/restore"), &json!({ "tx": begin.tx() })).await.expect(200);
        assert_eq!(restored.json["data"][name], value);
        cast.admin.patch(&path, &gone).await.expect(200);
        cast.user.patch(&path, &gone).await.expect(200);
    }
    // Rights come from the account, never from the record, and other tables know no such names.
    assert_eq!(cast.user.get("/api/auth/me").await.expect(200).json["roles"], json!([]));
    let other = json!({ "roles": ["admin"], "verified": true, "email": "x" });
    cast.user.post(&format!("/api/data/{}", cast.table()), &other).await.expect(201);
}
