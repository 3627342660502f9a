use std::time::{Duration, Instant};

use ddb_http::SocketLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::site::{LARGE, Site};

async fn connect(site: &Site) -> TcpStream {
    TcpStream::connect(site.address).await.expect("the system takes connections")
}

async fn send(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.expect("a request is sent");
}

/// Whether the server has closed it.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let read = tokio::time::timeout(Duration::from_millis(500), stream.read(&mut [0; 64])).await;
    matches!(read, Ok(Ok(0) | Err(_)))
}

/// THREATS 56. Mutant: `SlowReader::written` waits for ever.
#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_cut_off() {
    let site = Site::start().await;
    let mut stream = connect(&site).await;
    send(&mut stream, "GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    tokio::time::sleep(Duration::from_secs(25)).await;
    let mut answer = Vec::new();
    // It ends with an error or without one.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 ") && answer.len() < LARGE, "{} bytes", answer.len());
}

#[tokio::test]
async fn a_client_that_reads_slowly_gets_its_answer() {
    let site = Site::start().await;
    let mut stream = connect(&site).await;
    send(&mut stream, "GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (mut answer, begin) = (Vec::new(), Instant::now());
    while stream.read_buf(&mut answer).await.expect("it is not cut off") > 0 {
        if answer.len() < LARGE / 2 && begin.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    assert!(answer.len() > LARGE, "{} bytes", answer.len());
}

/// THREATS 56. Mutant: `Sockets::admit` takes all.
#[tokio::test]
async fn idle_connections_give_way_to_new_ones_the_oldest_first() {
    let site = Site::bounded(None, |app| app, SocketLimits { all: 8, of_network: 100 }).await;
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(connect(&site).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The first has asked lately, so it is not the oldest any more.
    send(&mut idle[0], "GET /plain HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut answer = [0; 4096];
    assert!(idle[0].read(&mut answer).await.expect("an answer") > 0);
    site.client().get("/plain").await.expect(200);
    assert!(is_closed(&mut idle[1]).await);
    assert!(!is_closed(&mut idle[0]).await && !is_closed(&mut idle[7]).await);
}

/// Mutant: a connection with an open request gives way.
#[tokio::test]
async fn where_all_connections_are_in_use_a_new_one_is_told_so() {
    let site = Site::bounded(None, |app| app, SocketLimits { all: 8, of_network: 4 }).await;
    let mut slow = Vec::new();
    for _ in 0..4 {
        let mut stream = connect(&site).await;
        send(&mut stream, "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{")
            .await;
        slow.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let refused = site.client().get("/plain").await.expect_error(503, "UNAVAILABLE");
    assert_eq!(refused.header("retry-after"), "1");
    assert!(refused.text().contains("too many connections from this network"), "{}", refused.text());
    for stream in &mut slow {
        assert!(!is_closed(stream).await);
    }
    slow.clear();
    tokio::time::sleep(Duration::from_millis(300)).await;
    site.client().get("/plain").await.expect(200);
}
