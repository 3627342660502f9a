use ddb_testkit::{Json, json};

use crate::harness::{Server, User, run, unique};

async fn list(user: &User) -> Vec<Json> {
    let answer = user.client.get("/api/auth/sessions").await.expect(200);
    answer.json["data"].as_array().expect("a list").clone()
}

#[test]
fn everyone_sees_his_own_devices() {
    run(async {
        let server = Server::shared().await;
        let (user, stranger) = (server.user().await, server.user().await);
        let phone = server.anon().at("2001:db8::17").with_header("user-agent", "Phone/1.0");
        let body = json!({ "email": user.email, "password": crate::harness::PASSWORD });
        let phone = User::of(&server, &phone.post("/api/auth/signin", &body).await.expect(200).json);
        let devices = list(&user).await;
        assert_eq!(devices.len(), 2);
        let names: Vec<&String> = devices[0].as_object().expect("an object").keys().collect();
        assert_eq!(names, ["address", "created", "current", "id", "refreshed", "user_agent"]);
        assert_eq!(devices[0]["user_agent"], "Phone/1.0");
        assert_eq!(devices[0]["address"], "2001:db8::/64");
        assert_eq!((&devices[0]["current"], &devices[1]["current"]), (&json!(false), &json!(true)));
        assert_eq!(list(&phone).await[0]["current"], true);
        assert_eq!(list(&stranger).await.len(), 1);
        server.anon().get("/api/auth/sessions").await.expect_error(401, "UNAUTHENTICATED");
    });
}

/// THREATS 12.
#[test]
fn one_device_can_be_signed_out_and_only_that_one_ends() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let lost = server.again(&user).await;
        assert!(lost.is_in().await);
        let devices = list(&user).await;
        let id = devices.iter().find(|device| device["current"] == false).expect("the other one")["id"]
            .as_str()
            .expect("an id")
            .to_owned();
        user.client.delete(&format!("/api/auth/sessions/{id}")).await.expect(204);
        assert!(!lost.is_in().await && user.is_in().await);
        user.client.delete(&format!("/api/auth/sessions/{id}")).await.expect_error(404, "NOT_FOUND");
        assert_eq!(list(&user).await.len(), 1);
    });
}

/// THREATS 30. Mutant: `end` does not ask whose it is.
#[test]
fn nobody_signs_out_the_device_of_another() {
    run(async {
        let server = Server::shared().await;
        let (user, stranger) = (server.user().await, server.user().await);
        let id = list(&user).await[0]["id"].as_str().expect("an id").to_owned();
        let own = stranger.client.delete(&format!("/api/auth/sessions/{id}")).await.expect_error(404, "NOT_FOUND");
        let none = stranger
            .client
            .delete("/api/auth/sessions/00000000-0000-4000-8000-000000000000")
            .await
            .expect_error(404, "NOT_FOUND");
        assert_eq!(own.json["error"]["message"], none.json["error"]["message"]);
        stranger.client.delete(&format!("/api/auth/sessions/{}", unique())).await.expect_error(404, "NOT_FOUND");
        server.anon().delete(&format!("/api/auth/sessions/{id}")).await.expect_error(401, "UNAUTHENTICATED");
        assert!(user.is_in().await);
    });
}

#[test]
fn all_devices_can_be_signed_out_at_once() {
    run(async {
        let server = Server::shared().await;
        let (user, stranger) = (server.user().await, server.user().await);
        let other = server.again(&user).await;
        server.anon().delete("/api/auth/sessions").await.expect_error(401, "UNAUTHENTICATED");
        user.client.delete("/api/auth/sessions").await.expect(204);
        assert!(!user.is_in().await && !other.is_in().await && stranger.is_in().await);
        assert_eq!(list(&server.again(&user).await).await.len(), 1);
    });
}
