//! Secrets that end with a line break, as files, `echo` and orchestrators give them, and empty ones.
//!
//! Mutants: `without_line_break` gives the text as it is; `secret_line::read` takes an empty line.

use ddb_testkit::{Caller, Json, Server, command, json};

const EMAIL: &str = "root@example.com";
const MASTER_KEY: &str = "jq6Wn1o8b4hZ0xvT5kYd2mLrCsEuGfPa9iXwQeRtVyU=";
const TOKEN: &str = "a-token-for-metrics";

#[tokio::test]
async fn secrets_in_variables_may_end_with_a_line_break() {
    let password = Caller::PASSWORD;
    let server = Server::builder()
        .variable("DDB_ADMIN_EMAIL", format!("{EMAIL}\n"))
        .variable("DDB_ADMIN_PASSWORD", format!("{password}\n"))
        .variable("DDB_MASTER_KEY", format!("{MASTER_KEY}\r\n"))
        .variable("DDB_METRICS_TOKEN", format!("{TOKEN}\n"))
        .start()
        .await;
    Caller::sign_in(&server.anon(), EMAIL).await;
    server.anon().with_token(TOKEN.to_owned()).get("/metrics").await.expect(200);
    server.assert_not_logged(&[password, TOKEN, MASTER_KEY]);
}

#[tokio::test]
async fn a_password_on_standard_input_ends_with_its_line() {
    let server = Server::start().await;
    for (number, ending) in ["", "\n", "\r\n", "\nanother line\n"].into_iter().enumerate() {
        let email = format!("admin-{number}@example.com");
        let given = format!("{}{ending}", Caller::PASSWORD);
        let made = server.ddb_with(&["admin", "create", "--password-stdin", "--email", &email], &given);
        assert_eq!(made.code, Some(0), "{ending:?}: {made:?}");
        Caller::sign_in(&server.anon(), &email).await;
    }
}

#[tokio::test]
async fn an_empty_secret_is_refused_and_says_which() {
    let server = Server::start().await;
    for given in ["", "\n", "\r\n"] {
        let made = server.ddb_with(&["admin", "create", "--password-stdin", "--email", EMAIL], given);
        assert!(made.code == Some(1) && made.stderr.contains("must be the password"), "{given:?}: {made:?}");
        let verified = server.ddb_with(&["verify", "--token-stdin", "--url", &server.url()], given);
        assert!(verified.code == Some(1) && verified.stderr.contains("must be the access token"), "{given:?}: {verified:?}");
    }
    let listed: Json = serde_json::from_str(&server.ddb(&["admin", "list", "--json"]).stdout).expect("JSON");
    assert_eq!(listed, json!([]));
    for name in ["DDB_ADMIN_PASSWORD", "DDB_MASTER_KEY", "DDB_METRICS_TOKEN"] {
        let started =
            command("ddb").args(["start", "--data-dir", "/nowhere/data"]).env(name, "\n").output().expect("ddb can be run");
        let stderr = String::from_utf8_lossy(&started.stderr);
        assert_eq!(stderr, format!("ddb: the variable {name} is empty\n"));
    }
}
