use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::site::Site;

#[tokio::test]
async fn open_requests_are_finished_and_nobody_new_is_let_in() {
    let site = Site::start().await;
    let client = site.client();
    let slow = tokio::spawn(async move { client.get("/slow").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    site.stop.cancel();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(TcpStream::connect(site.address).await.is_err());
    assert_eq!(slow.await.expect("a task").expect(200).text(), "\"done\"");
    site.stopped().await;
}

#[tokio::test]
async fn idle_connections_do_not_hold_it_up() {
    let site = Site::start().await;
    let _never_used = TcpStream::connect(site.address).await.expect("a connection");
    let mut used = TcpStream::connect(site.address).await.expect("a connection");
    used.write_all(b"GET /plain HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("a request is sent");
    assert!(used.read(&mut [0; 1024]).await.expect("an answer") > 0);
    let begin = Instant::now();
    site.stop.cancel();
    site.stopped().await;
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
}
