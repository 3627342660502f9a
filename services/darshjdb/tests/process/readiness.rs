//! `/ready` tells whether the process can do its work.

use std::time::{Duration, Instant};

use ddb_testkit::{Client, Server};

async fn until(client: &Client, path: &str, status: u16) {
    let begin = Instant::now();
    loop {
        let answer = client.get(path).await;
        if answer.status == status {
            return;
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "{path} says {} and not {status}", answer.status);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn socket_dir(server: &Server) -> std::path::PathBuf {
    let state = std::fs::read_to_string(server.data_dir().join("postgres.state")).expect("a state");
    state.lines().find_map(|line| line.strip_prefix("socket_dir=")).expect("it names the directory").into()
}

/// Mutant: `is_reachable` (libs/store/src/store.rs) asks an open connection only.
#[tokio::test]
async fn a_server_whose_socket_is_gone_says_so_and_recovers_by_itself() {
    let server = Server::start().await;
    let user = server.user().await;
    user.post("/api/data/tasks", &ddb_testkit::json!({ "title": "kept" })).await.expect(201);
    user.get("/api/data/tasks").await.expect(200);
    until(&server.anon(), "/ready", 200).await;
    let directory = socket_dir(&server);
    std::fs::remove_dir_all(&directory).expect("it exists");
    // A file in its place keeps PostgreSQL from coming back.
    std::fs::write(&directory, "").expect("a file can be made");
    until(&server.anon(), "/ready", 503).await;
    until(&user, "/api/data/tasks", 503).await;
    std::fs::remove_file(&directory).expect("it exists");
    until(&server.anon(), "/ready", 200).await;
    let listed = user.get("/api/data/tasks").await.expect(200);
    assert_eq!(listed.records().len(), 1);
}
