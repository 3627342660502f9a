use ddb_core::Value;
use ddb_testkit::json;

use crate::harness::{Server, run};

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
        server.anon().delete("/api/auth/me").await.expect_error(405, "METHOD_NOT_ALLOWED");
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
