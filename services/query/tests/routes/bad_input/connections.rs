//! What arrives on a connection and is no whole request.

use ddb_testkit::Answer;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::quiet::{Quiet, WRITES};

/// A body that is announced and does not come whole is no body.
#[tokio::test]
async fn a_body_that_is_cut_off_writes_nothing() {
    let quiet = Quiet::enter().await;
    let token = quiet.cast.user.token.as_deref().expect("a token");
    for method in WRITES {
        let path = quiet.path(&method);
        for (how, body) in [
            ("content-length: 100", "{\"b\":1}"),
            ("transfer-encoding: chunked", "7\r\n{\"b\":1}\r\n"),
            ("transfer-encoding: chunked", "7\r\n{\"b\":1}\r\nzz\r\n"),
            ("transfer-encoding: chunked", "ffffffffffffffffff\r\n{\"b\":1}"),
            ("transfer-encoding: gzip", "{\"b\":1}"),
            ("content-length: -1", "{\"b\":1}"),
            ("content-length: 7\r\ncontent-length: 8", "{\"b\":1}"),
            ("content-length: 7, 7, 8", "{\"b\":1}"),
        ] {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n{how}\r\n\r\n{body}"
            );
            quiet.cast.user.cut_off(request.as_bytes()).await;
        }
    }
    quiet.leave().await;
}

#[tokio::test]
async fn what_is_no_http_leaves_the_process_alive() {
    let quiet = Quiet::enter().await;
    let table = &quiet.table;
    let anon = &quiet.cast.anon;
    for request in [
        "GARBAGE\r\n\r\n".to_owned(),
        "\r\n\r\n\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        format!("GET /api/data/{table}\r\n\r\n"),
        format!("GET /api/data/{table} HTTP/9.9\r\n\r\n"),
        format!("GET /api/data/{table} HTTP/1.1\nhost: x\n\n"),
        format!("GET /api/data/{table} HTTP/1.1\r\nhost x\r\n\r\n"),
        format!("GET /api/data/{table} HTTP/1.1\r\n: x\r\n\r\n"),
        format!("GET /api/data/{table} HTTP/1.1\r\nx: \u{1}\r\n\r\n"),
        format!("GET /api/data/{table} HTTP/1.1\r\nhost: x\r\nx:\0\r\n\r\n"),
        "GET /api/data/é HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
        "GET api/data HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
        "GET * HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
        "OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_owned(),
        "CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
        format!("GET http://elsewhere/api/data/{table} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "a".repeat(60_000)),
        format!("GET /api/data/{table}?x={} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "a".repeat(600_000)),
        format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(10_000)),
        format!("{} / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "M".repeat(10_000)),
    ] {
        anon.cut_off(request.as_bytes()).await;
    }
    let mut random = StdRng::seed_from_u64(7);
    let start = format!(
        "POST /api/data/{table} HTTP/1.1\r\nhost: x\r\ncontent-length: 20\r\ncontent-type: application/json\r\n\r\n{{\"a\":\"0123456789\"}}"
    );
    for round in 0..300 {
        let mut bytes = start.clone().into_bytes();
        match round % 3 {
            0 => bytes = (0..random.random_range(1..200)).map(|_| random.random()).collect(),
            1 => bytes.truncate(random.random_range(1..bytes.len())),
            _ => {
                for _ in 0..random.random_range(1..6) {
                    let place = random.random_range(0..bytes.len());
                    bytes[place] = random.random();
                }
            }
        }
        anon.cut_off(&bytes).await;
    }
    quiet.leave().await;
}

#[tokio::test]
async fn requests_in_one_write_are_answered_one_by_one() {
    let quiet = Quiet::enter().await;
    let token = quiet.cast.user.token.as_deref().expect("a token");
    let request = |method: &str, path: &str, id: usize, body: &str| {
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nx-request-id: r{id}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    };
    let mut bytes = String::new();
    for id in 0..20 {
        bytes += &match id % 4 {
            0 => request("GET", &quiet.path, id, ""),
            1 => request("PATCH", &quiet.path, id, "{\"a\":1,"),
            2 => request("GET", "/nowhere", id, ""),
            _ => request("PATCH", &quiet.path, id, "{\"a\":1}"),
        };
    }
    bytes += "GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answers = Answer::parse_all(&quiet.cast.user.raw(bytes.as_bytes()).await.expect("answers"));
    assert_eq!(answers.len(), 21);
    for (id, answer) in answers.into_iter().take(20).enumerate() {
        assert_eq!(answer.header("x-request-id"), format!("r{id}"));
        match id % 4 {
            0 | 3 => drop(answer.expect(200)),
            1 => drop(quiet.refused(answer, 400, "BAD_REQUEST", "a cut body").await),
            _ => drop(quiet.refused(answer, 404, "NOT_FOUND", "no route").await),
        }
    }
    quiet.leave().await;
}
