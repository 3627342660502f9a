use std::time::Duration;

use ddb_testkit::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_stopped_server_ends_well_and_starts_again_on_its_data() {
    let mut server = Server::start().await;
    server.anon().get("/ready").await.expect(200);
    assert_eq!(server.stop().code(), Some(0));
    assert!(!server.data_dir().join("postgres/postmaster.pid").exists(), "PostgreSQL was stopped");
    server.restart().await;
    server.anon().get("/ready").await.expect(200);
}

#[tokio::test]
async fn a_killed_server_starts_again_on_its_data() {
    let mut server = Server::start().await;
    server.kill();
    server.restart().await;
    server.anon().get("/ready").await.expect(200);
}

#[tokio::test]
async fn a_request_that_is_open_when_the_server_is_stopped_is_answered() {
    let mut server = Server::start().await;
    let mut open = TcpStream::connect(server.address()).await.expect("a connection");
    let body = r#"{"email":"dev@example.com","password":"x"}"#;
    let head = format!(
        "POST /api/auth/signin HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    open.write_all(head.as_bytes()).await.expect("headers are sent");
    open.write_all(&body.as_bytes()[..10]).await.expect("a part of the body is sent");
    // Long enough that the request has reached its handler.
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.terminate();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(TcpStream::connect(server.address()).await.is_err(), "nobody new is let in");
    open.write_all(&body.as_bytes()[10..]).await.expect("the rest is sent");
    let mut answer = String::new();
    open.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert_eq!(server.wait().code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    let mut server = Server::start().await;
    let mut open = TcpStream::connect(server.address()).await.expect("a connection");
    open.write_all(b"POST /api/auth/signin HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n")
        .await
        .expect("headers are sent");
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.terminate();
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.terminate();
    let begin = std::time::Instant::now();
    assert_eq!(server.wait().code(), Some(130));
    assert!(begin.elapsed() < Duration::from_secs(2));
}
