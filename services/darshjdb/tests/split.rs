//! The services as processes of their own, on one PostgreSQL, with a real NATS between them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use ddb_testkit::{Caller, Database, Method, NatsServer, Server, command, json};

/// 32 random bytes that both processes have.
const MASTER_KEY: &str = "8f1c6e0b5d2a4937c0e8b1f4a6d3297581e0c4b7f2a9d63548fb07c1e3a2d596";

async fn start(program: &str, database: &Database, nats: &NatsServer) -> Server {
    Server::builder()
        .program(program)
        .over(database)
        .variable("DDB_NATS_URL", nats.url())
        .variable("DDB_MASTER_KEY", MASTER_KEY)
        .without_data_dir()
        .start()
        .await
}

#[tokio::test]
async fn the_quick_start_works_through_two_processes() {
    let (database, nats) = (Database::new().await, NatsServer::start().await);
    let auth = start("ddb-auth", &database, &nats).await;
    let query = start("ddb-query", &database, &nats).await;

    let (user, other) = (auth.user().await, auth.other_user().await);
    let at_query = |caller: &Caller| query.anon().with_token(caller.client.token.clone().expect("a token"));
    let (records, others) = (at_query(&user), at_query(&other));
    let made = records.post("/api/data/tasks", &json!({ "title": "Ship v1" })).await.expect(201);
    assert_eq!(made.json["data"]["_owner"], user.id.as_str());
    assert_eq!(records.get("/api/data/tasks").await.expect(200).json["data"], json!([made.json["data"]]));
    assert_eq!(others.get("/api/data/tasks").await.expect(200).json["data"], json!([]));
    query.anon().post("/api/data/tasks", &json!({ "title": "x" })).await.expect_error(401, "UNAUTHENTICATED");

    // Each process has its own routes only.
    auth.anon().get("/api/data/tasks").await.expect_error(404, "NOT_FOUND");
    query.anon().post("/api/auth/signin", &json!({})).await.expect_error(404, "NOT_FOUND");

    // And each describes them.
    let paths = async |server: &Server| {
        let document = server.anon().get("/api/openapi.json").await.expect(200).json;
        document["paths"].as_object().expect("paths").keys().cloned().collect::<BTreeSet<String>>()
    };
    let (of_auth, of_query) = (paths(&auth).await, paths(&query).await);
    let both: Vec<&str> = of_auth.intersection(&of_query).map(String::as_str).collect();
    assert_eq!(both, ["/", "/api/docs", "/api/openapi.json", "/health", "/metrics", "/ready"]);
    assert!(of_auth.contains("/api/auth/signin") && of_query.contains("/api/data/{table}"));

    // A sign-out in one process is heard in the other.
    user.send(Method::POST, "/api/auth/signout", None).await.expect(204);
    let signed_out = Instant::now();
    while records.get("/api/data/tasks").await.status != 401 {
        assert!(signed_out.elapsed() < Duration::from_secs(1), "the revocation takes longer than a second");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    others.get("/api/data/tasks").await.expect(200);
    assert!(!auth.directory().join("ddb-data").exists(), "nothing is kept beside the database");
}

#[test]
fn a_service_of_its_own_says_what_it_needs() {
    for program in ["ddb-auth", "ddb-query"] {
        let start = |variables: &[(&str, &str)]| {
            let output =
                command(program).envs(variables.iter().copied()).arg("--bind=127.0.0.1:0").output().expect("it can be run");
            assert_eq!(output.status.code(), Some(1), "{program}");
            String::from_utf8(output.stderr).expect("UTF-8")
        };
        assert!(start(&[]).contains("DATABASE_URL"), "{program}");
        assert!(start(&[("DATABASE_URL", "postgres://127.0.0.1:1/db")]).contains("DDB_MASTER_KEY"), "{program}");
    }
}
