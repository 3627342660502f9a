use std::time::Duration;

use ddb_auth::Config;
use ddb_bus::Bus;
use ddb_core::Value;
use ddb_testkit::{Database, json};

use crate::harness::{MEMORY, PASSWORD, Server, run};

#[test]
fn everyone_reads_himself() {
    run(async {
        let server = Server::shared().await;
        let (user, other) = (server.user().await, server.user().await);
        let answer = user.client.get("/api/auth/me").await.expect(200);
        assert_eq!(answer.keys(), ["created", "email", "id", "name", "roles", "verified"]);
        assert_eq!(answer.json["id"], user.id);
        assert_eq!(other.client.get("/api/auth/me").await.json["id"], other.id);
    });
}

#[test]
fn the_anonymous_is_nobody() {
    run(async {
        let server = Server::shared().await;
        server.anon().get("/api/auth/me").await.expect_error(401, "UNAUTHENTICATED");
        server.anon().patch("/api/auth/me", &json!({ "name": "x" })).await.expect_error(401, "UNAUTHENTICATED");
        server.anon().delete("/api/auth/me").await.expect_error(401, "UNAUTHENTICATED");
    });
}

#[test]
fn the_profile_is_merged() {
    run(async {
        let server = Server::shared().await;
        let (user, other) = (server.user().await, server.user().await);
        let answer = user.client.patch("/api/auth/me", &json!({ "name": "Ada", "city": "Pune", "age": 3 })).await.expect(200);
        assert_eq!(answer.json["name"], "Ada");
        assert!(answer.header("x-ddb-tx").parse::<u64>().is_ok());
        let answer = user.client.patch("/api/auth/me", &json!({ "city": null, "age": { "$inc": 1 } })).await.expect(200);
        assert_eq!(answer.json["name"], "Ada");
        let profile = server.profile(&user.id).await.expect("a profile");
        assert!(!profile.contains_key("city") && matches!(profile["age"], Value::Int(4)), "{profile:?}");
        assert_eq!(other.client.get("/api/auth/me").await.json["name"], json!(null));
    });
}

/// THREATS 31.
#[test]
fn what_is_the_servers_cannot_be_changed() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        for field in ["email", "password", "roles", "verified", "id", "_owner", "_expires", "$ttl"] {
            let mut body = json!({});
            body[field] = json!("x");
            user.client.patch("/api/auth/me", &body).await.expect_field(field);
        }
        user.client.patch("/api/auth/me", &json!({ "name": 1 })).await.expect_field("name");
        user.client.patch("/api/auth/me", &json!([])).await.expect_error(422, "VALIDATION_FAILED");
        user.client.get("/api/auth/me?fields=x").await.expect_error(400, "BAD_REQUEST");
    });
}

#[test]
fn a_role_shows_as_soon_as_it_is_given() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        server.execute("update ddb.account set roles = '{admin}' where id = $1", user.account()).await;
        assert_eq!(user.client.get("/api/auth/me").await.json["roles"], json!(["admin"]));
    });
}

#[test]
fn an_account_is_erased_by_its_owner_alone() {
    // Mutants: `erase_own_account` erases without the account; `erase_me` tells no process; `erase_account` does not notify.
    run(async {
        let database = Database::new().await;
        let here = Server::over(&database, Config { sign_ups_per_hour: 0, ..Config::default() }, MEMORY, Bus::local()).await;
        let there = Server::over(&database, Config { sign_ups_per_hour: 0, ..Config::default() }, MEMORY, Bus::local()).await;
        let (user, other) = (here.user().await, here.user().await);
        let elsewhere = there.anon().with_token(&user.access_token);
        elsewhere.get("/api/auth/me").await.expect(200);
        let erased = user.client.delete("/api/auth/me").await.expect(204);
        assert!(erased.header("x-ddb-tx").parse::<u64>().is_ok());
        user.client.get("/api/auth/me").await.expect_error(401, "UNAUTHENTICATED");
        tokio::time::sleep(Duration::from_secs(1)).await;
        elsewhere.get("/api/auth/me").await.expect_error(401, "UNAUTHENTICATED");
        user.client.delete("/api/auth/me").await.expect_error(401, "UNAUTHENTICATED");
        here.anon()
            .post("/api/auth/refresh", &json!({ "refresh_token": user.refresh_token }))
            .await
            .expect_error(401, "UNAUTHENTICATED");
        assert!(here.profile(&user.id).await.is_none());
        other.client.get("/api/auth/me").await.expect(200);
        let mut session = database.connect().await;
        assert_eq!(session.value("select count(*)::text from ddb.account").await, "1");
        assert_eq!(session.value("select count(*)::text from ddb.session").await, "1");
        // The address is free.
        here.anon().post("/api/auth/signup", &json!({ "email": user.email, "password": PASSWORD })).await.expect(201);
    });
}

#[test]
fn the_last_admin_cannot_erase_himself() {
    run(async {
        let server = Server::start(Config { sign_ups_per_hour: 0, ..Config::default() }, MEMORY).await;
        let (first, second) = (server.user().await, server.user().await);
        for admin in [&first, &second] {
            server.execute("update ddb.account set roles = '{admin}' where id = $1", admin.account()).await;
        }
        second.client.delete("/api/auth/me").await.expect(204);
        let refused = first.client.delete("/api/auth/me").await.expect_error(409, "CONFLICT");
        assert!(refused.text().contains("last admin"), "{}", refused.text());
        first.client.get("/api/auth/me").await.expect(200);
    });
}
