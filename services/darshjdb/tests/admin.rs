//! The first admin.

use ddb_testkit::{Json, Server, json};

const EMAIL: &str = "root@example.com";
const PASSWORD: &str = "correct horse 42 battery";

#[tokio::test]
async fn without_an_admin_the_command_is_shown_and_makes_one() {
    let server = Server::start().await;
    assert!(server.log().contains("ddb admin create --email"), "{}", server.log());
    let made = server.ddb_with(&["admin", "create", "--email", EMAIL, "--password-stdin"], &format!("{PASSWORD}\n"));
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(!made.stdout.contains(PASSWORD));

    let answer = server.anon().post("/api/auth/signin", &json!({ "email": EMAIL, "password": PASSWORD })).await.expect(200);
    assert_eq!(answer.json["user"]["roles"], json!(["admin", "root"]));
    let listed = server.ddb(&["admin", "list", "--json"]);
    let listed: Json = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(listed[0]["email"], EMAIL);

    let again = server.ddb_with(&["admin", "create", "--email", EMAIL, "--password-stdin"], &format!("{PASSWORD}\n"));
    assert_eq!(again.code, Some(1), "a taken address: {again:?}");
    server.assert_not_logged(&[PASSWORD]);
}

#[tokio::test]
async fn the_first_admin_can_come_from_variables() {
    let builder = Server::builder().variable("DDB_ADMIN_EMAIL", EMAIL).variable("DDB_ADMIN_PASSWORD", PASSWORD);
    let mut server = builder.start().await;
    assert!(!server.log().contains("there is no admin yet"));
    server.anon().post("/api/auth/signin", &json!({ "email": EMAIL, "password": PASSWORD })).await.expect(200);
    // At a second start there is one already.
    assert_eq!(server.stop().code(), Some(0));
    server.restart().await;
    server.anon().post("/api/auth/signin", &json!({ "email": EMAIL, "password": PASSWORD })).await.expect(200);
    server.assert_not_logged(&[PASSWORD]);
}

#[tokio::test]
async fn an_admin_sees_what_belongs_to_others() {
    let server = Server::start().await;
    let (user, admin) = (server.user().await, server.admin().await);
    let made = user.post("/api/data/tasks", &json!({ "title": "Ship v1" })).await.expect(201);
    let path = format!("/api/data/{}", made.json["data"]["id"].as_str().expect("an id").replace(':', "/"));
    assert_eq!(admin.get(&path).await.expect(200).json["data"], made.json["data"]);
}
