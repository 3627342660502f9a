//! Admins, roles and bans by the command line.

use std::time::{Duration, Instant};

use ddb_testkit::{Caller, Client, Database, Json, Method, Output, Server, json};

const EMAIL: &str = "root@example.com";
const PASSWORD: &str = "correct horse 42 battery";

#[tokio::test]
async fn without_an_admin_the_command_is_shown_and_makes_one() {
    let server = Server::start().await;
    assert!(server.log().contains(" admin create --email"), "{}", server.log());
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
    assert!(!server.log().contains("There is no admin yet"));
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

/// What a running server takes to know of a change.
const SECOND: Duration = Duration::from_secs(1);

#[track_caller]
fn done(output: &Output) -> Json {
    assert_eq!(output.code, Some(0), "{output:?}");
    serde_json::from_str(&output.stdout).expect("JSON")
}

#[track_caller]
fn refused(output: &Output, word: &str) {
    assert!(matches!(output.code, Some(1 | 2)) && output.stderr.contains(word), "{output:?}");
}

/// Asks until the answer has the status, for at most a second.
async fn becomes(client: &Client, path: &str, status: u16) {
    let end = Instant::now() + SECOND;
    loop {
        let answer = client.get(path).await;
        if answer.status == status {
            return;
        }
        assert!(Instant::now() < end, "still {} after {SECOND:?}", answer.status);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn sign_in(server: &Server, email: &str) -> u16 {
    server.anon().post("/api/auth/signin", &json!({ "email": email, "password": Caller::PASSWORD })).await.status
}

/// Mutant: `set_roles` does not notify.
#[tokio::test]
async fn roles_are_given_and_taken_while_the_server_runs() {
    let server = Server::start().await;
    let (user, owner) = (server.user().await, server.other_user().await);
    let path = owner.post("/api/data/tasks", &json!({ "title": "Ship v1" })).await.expect(201).path();
    user.get(&path).await.expect(404);
    let roles = |arguments: &[&str]| server.ddb(&[&["admin", "roles", "--json", "--email", &user.email], arguments].concat());

    let given = done(&roles(&["--add", "admin", "--add", "editor"]));
    assert_eq!(
        (&given["email"], &given["roles"], &given["banned"]),
        (&json!(user.email), &json!(["admin", "editor"]), &json!(false))
    );
    becomes(&user, &path, 200).await;
    assert_eq!(user.get("/api/auth/me").await.json["roles"], json!(["admin", "editor"]));

    refused(&roles(&["--remove", "admin"]), "--force");
    user.get(&path).await.expect(200);
    // With another admin, nobody has to insist.
    server.admin().await;
    assert_eq!(done(&roles(&["--remove", "admin", "--add", "root"]))["roles"], json!(["editor", "root"]));
    becomes(&user, &path, 404).await;

    for (wrong, word) in [("Admin", "role"), ("a,b", "role"), ("", "role")] {
        refused(&roles(&["--add", wrong]), word);
    }
    refused(&roles(&["--add", "x", "--remove", "x"]), "`x`");
    refused(&roles(&[]), "--add");
    refused(&server.ddb(&["admin", "roles", "--email", "nobody@example.com", "--add", "admin"]), "no account");
    assert_eq!(user.get("/api/auth/me").await.json["roles"], json!(["editor", "root"]));
}

/// Mutants: `account::ban` does not notify, and the session is not ended; `ban` does not end the sessions.
#[tokio::test]
async fn a_ban_is_obeyed_by_a_running_server_within_a_second() {
    let server = Server::start().await;
    let (user, other) = (server.user().await, server.other_user().await);
    let path = user.post("/api/data/tasks", &json!({ "title": "Ship v1" })).await.expect(201).path();
    let refresh = json!({ "refresh_token": user.refresh_token });

    let ban = server.ddb(&["admin", "ban", "--email", &user.email, "--json"]);
    becomes(&user, &path, 401).await;
    let banned = done(&ban);
    assert_eq!((&banned["banned"], &banned["ended_sessions"]), (&json!(true), &json!(1)));
    user.send_text(Method::POST, "/api/data/tasks", "{}").await.expect_error(401, "UNAUTHENTICATED");
    server.anon().post("/api/auth/refresh", &refresh).await.expect_error(401, "UNAUTHENTICATED");
    assert_eq!(sign_in(&server, &user.email).await, 401);
    other.get("/api/auth/me").await.expect(200);
    assert_eq!(done(&server.ddb(&["admin", "ban", "--email", &user.email, "--json"]))["ended_sessions"], 0);

    assert_eq!(done(&server.ddb(&["admin", "unban", "--email", &user.email, "--json"]))["banned"], false);
    // What ended stays ended.
    user.get(&path).await.expect_error(401, "UNAUTHENTICATED");
    server.anon().post("/api/auth/refresh", &refresh).await.expect_error(401, "UNAUTHENTICATED");
    let body = json!({ "email": user.email, "password": Caller::PASSWORD });
    let again = Caller::of(&server.anon(), &server.anon().post("/api/auth/signin", &body).await.expect(200).json);
    again.get(&path).await.expect(200);
    refused(&server.ddb(&["admin", "ban", "--email", "nobody@example.com"]), "no account");
    refused(&server.ddb(&["admin", "unban", "--email", "no address"]), "address");
}

/// Mutant: `check_last_admin` counts the banned.
#[tokio::test]
async fn the_last_admin_is_taken_away_only_by_force() {
    let server = Server::start().await;
    let (admin, user) = (server.admin().await, server.user().await);
    refused(&server.ddb(&["admin", "ban", "--email", &admin.email]), "--force");
    done(&server.ddb(&["admin", "roles", "--email", &user.email, "--add", "admin", "--json"]));
    done(&server.ddb(&["admin", "ban", "--email", &user.email, "--json"]));
    // A banned admin administers nothing.
    refused(&server.ddb(&["admin", "ban", "--email", &admin.email]), "--force");
    refused(&server.ddb(&["admin", "roles", "--email", &admin.email, "--remove", "admin"]), "--force");
    done(&server.ddb(&["admin", "roles", "--email", &user.email, "--remove", "admin", "--json"]));
    admin.get("/api/auth/me").await.expect(200);
    let forced = server.ddb(&["admin", "ban", "--email", &admin.email, "--force"]);
    assert_eq!(forced.code, Some(0), "{forced:?}");
    assert!(forced.stdout.contains("is banned"), "{forced:?}");
    becomes(&admin, "/api/auth/me", 401).await;
    assert!(server.ddb(&["admin", "list"]).stdout.contains("banned"));
}

#[tokio::test]
async fn bans_and_roles_work_on_a_stopped_directory_and_on_database_url() {
    let database = Database::new().await;
    for mut server in [Server::start().await, Server::builder().over(&database).start().await] {
        let (user, other) = (server.user().await, server.other_user().await);
        assert_eq!(server.stop().code(), Some(0));
        done(&server.ddb(&["admin", "ban", "--email", &user.email, "--json"]));
        done(&server.ddb(&["admin", "roles", "--email", &other.email, "--add", "admin", "--json"]));
        server.restart().await;
        assert_eq!(sign_in(&server, &user.email).await, 401);
        user.get("/api/auth/me").await.expect_error(401, "UNAUTHENTICATED");
        assert_eq!(other.get("/api/auth/me").await.expect(200).json["roles"], json!(["admin"]));
    }
}
