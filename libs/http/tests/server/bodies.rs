use std::time::{Duration, Instant};

use hyper::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::site::Site;

const MEGABYTE: usize = 1 << 20;

#[tokio::test]
async fn a_json_body_is_read() {
    let client = Site::start().await.client();
    for kind in ["application/json", "application/json; charset=utf-8", "application/merge-patch+json"] {
        client.send(Method::POST, "/echo", Some((kind, "{\"text\":\"abc\"}".into()))).await.expect(201);
    }
}

#[tokio::test]
async fn other_kinds_are_415() {
    let client = Site::start().await.client();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        client
            .send(Method::POST, "/echo", Some((kind, "{\"text\":\"abc\"}".into())))
            .await
            .expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    client.send(Method::POST, "/echo", None).await.expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
}

#[tokio::test]
async fn what_is_no_json_is_400_and_what_is_not_taken_is_422() {
    let client = Site::start().await.client();
    let deep = "[".repeat(10_000);
    for bad in ["", "{", "nul", "{\"text\":1,}", "{\"text\":\"a\",\"text\":\"b\"}", "\u{feff}\u{feff}{}", &deep] {
        client
            .send(Method::POST, "/echo", Some(("application/json", bad.to_owned().into())))
            .await
            .expect_error(400, "BAD_REQUEST");
    }
    let bad_utf8 = bytes::Bytes::from_static(b"{\"text\":\"\xff\"}");
    client.send(Method::POST, "/echo", Some(("application/json", bad_utf8))).await.expect_error(400, "BAD_REQUEST");
    for bad in ["[]", "1", "{}", "{\"text\":1}", "{\"text\":\"a\",\"more\":1}"] {
        client.send(Method::POST, "/echo", Some(("application/json", bad.into()))).await.expect_error(422, "VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn a_body_of_16_megabytes_is_taken_and_one_byte_more_is_not() {
    let client = Site::start().await.client();
    let around = "{\"text\":\"\"}".len();
    for (length, status) in [(16 * MEGABYTE, 201), (16 * MEGABYTE + 1, 413)] {
        let body = format!("{{\"text\":\"{}\"}}", "a".repeat(length - around));
        client.send(Method::POST, "/echo", Some(("application/json", body.into()))).await.expect(status);
    }
}

#[tokio::test]
async fn a_small_body_has_64_kilobytes() {
    let client = Site::start().await.client();
    for (length, status) in [(64 << 10, 200), ((64 << 10) + 1, 413)] {
        let body = format!("\"{}\"", "a".repeat(length - 2));
        client.send(Method::POST, "/small", Some(("application/json", body.into()))).await.expect(status);
    }
}

/// Mutant: the second of the two is read although the first has all the place.
#[tokio::test]
async fn a_large_body_that_finds_no_place_is_503_and_a_small_one_needs_none() {
    let site = Site::start().await;
    let mut slow = TcpStream::connect(site.address).await.expect("a connection");
    let length = 16 * MEGABYTE;
    let head = format!("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{{");
    slow.write_all(head.as_bytes()).await.expect("headers are sent");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let client = site.client();
    let text = |length: usize| format!("{{\"text\":\"{}\"}}", "a".repeat(length));
    client.send(Method::POST, "/echo", Some(("application/json", text(60_000).into()))).await.expect(201);
    let refused = client.send(Method::POST, "/echo", Some(("application/json", text(MEGABYTE).into()))).await;
    refused.expect_error(503, "UNAVAILABLE");
    drop(slow);
    tokio::time::sleep(Duration::from_millis(300)).await;
    client.send(Method::POST, "/echo", Some(("application/json", text(MEGABYTE).into()))).await.expect(201);
}

#[tokio::test]
async fn an_answer_before_the_body_is_read_reaches_a_client_that_sends_it_all() {
    let site = Site::start().await;
    let mut stream = TcpStream::connect(site.address).await.expect("a connection");
    let length = 16 * MEGABYTE;
    let head = format!("POST /refused HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("headers are sent");
    for _ in 0..16 {
        stream.write_all(&vec![b' '; MEGABYTE]).await.expect("the server goes on taking the body");
    }
    let answer = answer_to(stream).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

/// Reads while it writes nothing any more; the answer must arrive although the server did not want the body.
async fn answer_to(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("the connection is not reset");
    String::from_utf8(answer).expect("UTF-8")
}

#[tokio::test]
async fn a_body_of_100_megabytes_is_413_and_the_client_can_read_it() {
    let site = Site::start().await;
    let mut stream = TcpStream::connect(site.address).await.expect("a connection");
    let length = 100 * MEGABYTE;
    let head = format!("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("headers are sent");
    // A client that sends everything before it reads.
    for _ in 0..100 {
        stream.write_all(&vec![b' '; MEGABYTE]).await.expect("the server goes on taking the body");
    }
    let answer = answer_to(stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("PAYLOAD_TOO_LARGE"), "{answer}");
}

#[tokio::test]
async fn a_body_without_a_length_is_413_at_the_limit() {
    let site = Site::start().await;
    let mut stream = TcpStream::connect(site.address).await.expect("a connection");
    stream
        .write_all(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        .await
        .expect("headers are sent");
    let chunk = [format!("{MEGABYTE:x}\r\n").into_bytes(), vec![b' '; MEGABYTE], b"\r\n".to_vec()].concat();
    for _ in 0..20 {
        stream.write_all(&chunk).await.expect("the server goes on taking the body");
    }
    let answer = answer_to(stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("PAYLOAD_TOO_LARGE"), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_refused_before_it_is_sent() {
    let site = Site::start().await;
    let mut stream = TcpStream::connect(site.address).await.expect("a connection");
    let head = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 104857600\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("headers are sent");
    stream.shutdown().await.expect("the client sends no more");
    let answer = answer_to(stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_body_that_stops_is_408() {
    let site = Site::start().await;
    let mut stream = TcpStream::connect(site.address).await.expect("a connection");
    stream
        .write_all(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{")
        .await
        .expect("headers are sent");
    let begin = Instant::now();
    let answer = answer_to(stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("REQUEST_TIMEOUT"), "{answer}");
    assert!((Duration::from_secs(8)..Duration::from_secs(20)).contains(&begin.elapsed()), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn headers_that_stop_do_not_hold_a_connection() {
    let site = Site::start().await;
    let mut stream = TcpStream::connect(site.address).await.expect("a connection");
    stream.write_all(b"GET /plain HTTP/1.1\r\nhost: x\r\n").await.expect("a part is sent");
    let begin = Instant::now();
    let mut answer = Vec::new();
    // It may be closed with or without an answer.
    let _ = stream.read_to_end(&mut answer).await;
    assert!((Duration::from_secs(8)..Duration::from_secs(20)).contains(&begin.elapsed()), "{:?}", begin.elapsed());
}
