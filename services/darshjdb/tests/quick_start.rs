//! The first minute of a user, as the README has it.

use std::path::Path;
use std::process::Command;

use ddb_testkit::{Json, Server};

const MARK: &str = "<!-- quick start:";

/// The lines of the README, for a server on another port.
fn script(server: &Server) -> String {
    let readme =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).expect("the README is there");
    let (_, rest) = readme.split_once(MARK).expect("the README has a quick start");
    let (_, rest) = rest.split_once("```sh\n").expect("the quick start is a block of shell lines");
    let (lines, _) = rest.split_once("```").expect("the block ends");
    assert!(lines.matches("http://localhost:7700/").count() >= 5, "{lines}");
    lines.replace("http://localhost:7700", &server.url())
}

/// The JSON values that the lines print.
fn run(lines: &str) -> Vec<Json> {
    // `--fail-with-body`, so that a refusal ends the script.
    let script =
        format!("set -euo pipefail\ncurl() {{ command curl --silent --show-error --fail-with-body \"$@\"; }}\n{lines}\n");
    let output = Command::new("bash").args(["-c", &script]).output().expect("bash can be run");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}\n{stderr}");
    serde_json::Deserializer::from_str(&stdout).into_iter().collect::<Result<_, _>>().expect("JSON values")
}

#[tokio::test]
async fn the_first_minute_of_a_user_works() {
    let mut server = Server::builder().empty().start().await;
    let lines = script(&server);
    let values = tokio::task::spawn_blocking(move || run(&lines)).await.expect("the script ends");
    let [health, signed_up, made, list] = values.as_slice() else { panic!("{values:?}") };
    assert_eq!(health["status"], "ok");
    let user = &signed_up["user"]["id"];
    let record = &made["data"];
    assert_eq!(record["title"], "Ship v1");
    assert_eq!(record["_owner"], *user, "the record belongs to its creator");
    assert_eq!(list["data"], serde_json::json!([record]), "the record comes back in the list");

    let path = format!("/api/data/{}", record["id"].as_str().expect("an id").replace(':', "/"));
    let other = server.other_user().await;
    other.get(&path).await.expect_error(404, "NOT_FOUND");
    assert_eq!(other.get("/api/data/tasks").await.expect(200).json["data"], serde_json::json!([]), "invisible to a second user");
    server.anon().get(&path).await.expect_error(404, "NOT_FOUND");
    assert_eq!(server.anon().get("/api/data/tasks").await.expect(200).json["data"], serde_json::json!([]));

    // The token was given before the kill and is good after it.
    let token = signed_up["access_token"].as_str().expect("a token");
    let owner = server.anon().with_token(token);
    server.kill();
    server.restart().await;
    assert_eq!(owner.get(&path).await.expect(200).json["data"], *record, "it survives kill -9");

    let head = head_of(&server);
    let verified = server.ddb(&["verify", "--json", "--expect-head", &head]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let report: Json = serde_json::from_str(&verified.stdout).expect("JSON");
    assert_eq!((&report["sound"], report["records"].as_u64()), (&Json::Bool(true), Some(3)), "two users and a task: {report}");
    let verified = server.ddb(&["verify", "--expect-head", &"1".repeat(128)]);
    assert_eq!(verified.code, Some(1), "{verified:?}");

    let refresh = signed_up["refresh_token"].as_str().expect("a token");
    server.assert_not_logged(&["changeme123", token, refresh]);
    // The same on a stopped server.
    assert_eq!(server.stop().code(), Some(0));
    let verified = server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(verified.stdout.contains("everything is as it was written"), "{verified:?}");
}

fn head_of(server: &Server) -> String {
    let status = server.ddb(&["status", "--json"]);
    assert_eq!(status.code, Some(0), "{status:?}");
    let status: Json = serde_json::from_str(&status.stdout).expect("JSON");
    status["head_hash"].as_str().expect("a hash").to_owned()
}
