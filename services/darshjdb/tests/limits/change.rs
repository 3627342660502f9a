use std::time::{Duration, Instant};

use ddb_testkit::{Caller, Database, Server, json};

const LIMITS: &str = "/api/admin/limits";
/// 32 random bytes that both processes of a test have.
const MASTER_KEY: &str = "b1f4a6d3297581e0c4b7f2a9d63548fb07c1e3a2d5965d2a49378f1c6e0bc0e8";

/// Mutant: `change` or `setting` asks for the role `admin` instead of `root`.
#[tokio::test]
async fn limits_are_roots() {
    let server = Server::start().await;
    let (root, user) = (server.admin().await, server.user().await);
    let second = ["admin", "create", "--email", "second@example.com", "--password-stdin"];
    assert_eq!(server.ddb_with(&second, &format!("{}\n", Caller::PASSWORD)).code, Some(0));
    let admin = Caller::sign_in(&server.anon(), "second@example.com").await;
    for (caller, status, code) in
        [(&server.anon(), 401, "UNAUTHENTICATED"), (&*user, 403, "PERMISSION_DENIED"), (&*admin, 403, "PERMISSION_DENIED")]
    {
        caller.get(LIMITS).await.expect_error(status, code);
        caller.patch(LIMITS, &json!({ "network": 0 })).await.expect_error(status, code);
    }
    root.get(LIMITS).await.expect(200);
    for body in [
        json!([]),
        json!({ "network": -1 }),
        json!({ "network": 1_000_001 }),
        json!({ "network": 1.5 }),
        json!({ "network": "1" }),
        json!({ "networks": 1 }),
        json!({ "account": 1 }),
        json!({ "account": { "reads": 1 } }),
        json!({ "anonymous": { "read": true } }),
    ] {
        root.patch(LIMITS, &body).await.expect_error(422, "VALIDATION_FAILED");
    }
    let refused = root.patch(LIMITS, &json!({ "account": { "read": -1 } })).await.expect(422);
    assert_eq!(refused.json["error"]["details"][0]["field"], "account.read");
    assert_eq!(root.get(LIMITS).await.expect(200).json["data"]["network"], 0, "nothing was changed");
}

/// Mutants: `change` does not tell the limiter; `follow_changes` does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_at_once_and_in_other_processes_within_a_second_and_after_a_restart() {
    let database = Database::new().await;
    let start = || {
        Server::builder()
            .over(&database)
            .without_data_dir()
            .variable("DDB_MASTER_KEY", MASTER_KEY)
            .argument("--rate-limit-account=70")
            .start()
    };
    let (mut one, two) = tokio::join!(start(), start());
    let root = one.admin().await;
    let limit = async |server: &Server| -> u64 {
        let answer = server.anon().get("/health").await.expect(200);
        answer.header("ratelimit-limit").parse().expect("every answer has the header")
    };
    // Nothing limits them.
    assert_eq!((limit(&one).await, limit(&two).await), (5_000_000, 5_000_000));
    let changed = root.patch(LIMITS, &json!({ "anonymous": { "other": 40 }, "account": { "read": 9 } })).await.expect(200);
    let anonymous = json!({ "read": 0, "write": 0, "auth": 0, "other": 40 });
    let account = json!({ "read": 9, "write": 70, "auth": 70, "other": 70 });
    assert_eq!(changed.json["data"], json!({ "network": 0, "anonymous": anonymous, "account": account }));
    assert_eq!(limit(&one).await, 200);
    let begin = Instant::now();
    while limit(&two).await != 200 {
        assert!(begin.elapsed() < Duration::from_secs(3), "the other process has not heard of it");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    one.restart().await;
    let begin = Instant::now();
    while limit(&one).await != 200 {
        assert!(begin.elapsed() < Duration::from_secs(3), "forgotten");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let root = one.admin().await;
    let reset = root.patch(LIMITS, &json!({ "anonymous": { "other": null }, "account": { "read": null } })).await.expect(200);
    let anonymous = json!({ "read": 0, "write": 0, "auth": 0, "other": 0 });
    let account = json!({ "read": 70, "write": 70, "auth": 70, "other": 70 });
    assert_eq!(reset.json["data"], json!({ "network": 0, "anonymous": anonymous, "account": account }));
}
