//! One client's sockets and questions against another's time. Each test compares what an innocent client waits during the attack with what it waits
//! without: on a machine that does other things too, the absolute figure counts only where the machine itself reaches it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use ddb_testkit::{Caller, Method, Server, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// What an innocent client may wait at the 99th percentile.
const BOUND: Duration = Duration::from_millis(250);
const ASKED: usize = 200;

/// A connection from an address of the loopback.
async fn connect(server: &Server, from: Ipv4Addr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((from, 0)))?;
    socket.connect(server.address()).await
}

/// The 99th percentile of what a record takes by its key.
async fn p99(user: &Caller, path: &str) -> Duration {
    let mut taken = Vec::with_capacity(ASKED);
    for _ in 0..ASKED {
        let begin = Instant::now();
        user.get(path).await.expect(200);
        taken.push(begin.elapsed());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    taken.sort();
    taken[ASKED * 99 / 100]
}

/// The record that the innocent client asks for.
async fn record(user: &Caller) -> String {
    user.post("/api/data/own", &json!({ "id": "mine", "n": 1 })).await.expect(201);
    "/api/data/own/mine".to_owned()
}

#[track_caller]
fn assert_bounded(before: Duration, during: Duration) {
    assert!(during < BOUND.max(before * 4), "p99 is {during:?}, and {before:?} without the attack");
}

/// Kilobytes of the process.
fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("the server runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
    line.trim().trim_end_matches(" kB").parse().expect("kilobytes")
}

/// THREATS 56. Mutant: `Sockets::admit` takes all.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_idle_sockets_leave_the_server_its_memory_and_others_their_answers() {
    let server = Server::builder().argument("--max-connections=2000").argument("--max-connections-per-network=500").start().await;
    let user = server.user().await;
    let path = record(&user).await;
    let (before, memory_before) = (p99(&user, &path).await, memory(&server));
    let mut idle = Vec::new();
    for number in 0..10_000_u32 {
        // Ten addresses, so that neither bound alone is what holds.
        let from = Ipv4Addr::new(127, 0, 1, (number % 10) as u8 + 1);
        if let Ok(stream) = connect(&server, from).await {
            idle.push(stream);
        }
    }
    let during = p99(&user, &path).await;
    let open = std::fs::read_dir(format!("/proc/{}/fd", server.pid())).expect("the server runs").count();
    let grown = memory(&server).saturating_sub(memory_before);
    assert!(idle.len() > 9000 && open < 2300, "{} were opened, {open} files are open", idle.len());
    assert!(grown < 100 << 10, "{grown} kB more");
    assert_bounded(before, during);
}

/// THREATS 56: headers, bodies and answers that come and go at a byte a time. Mutant: requests are answered one after the other.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_slow_connections_keep_nobody_else_waiting() {
    let server = Server::start().await;
    let user = server.user().await;
    let path = record(&user).await;
    let before = p99(&user, &path).await;
    let mut slow = JoinSet::new();
    for number in 0..200 {
        let stream = connect(&server, Ipv4Addr::LOCALHOST).await.expect("the server takes connections");
        slow.spawn(trickle(stream, number % 2 == 0));
    }
    let during = p99(&user, &path).await;
    assert_eq!(slow.len(), 200);
    assert_bounded(before, during);
}

async fn trickle(mut stream: TcpStream, headers: bool) {
    let (head, rest) = match headers {
        true => ("GET /health HTTP/1.1\r\nhost: x\r\nx-slow: ", b'a'),
        false => {
            ("POST /api/auth/signin HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n", b' ')
        }
    };
    if stream.write_all(head.as_bytes()).await.is_err() {
        return std::future::pending().await;
    }
    while stream.write_all(&[rest]).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let _ = stream.read(&mut [0; 512]).await;
    std::future::pending().await
}

/// THREATS 58. Mutant: scans share the pool of everything else, or take turns without looking whose they are.
#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_slow_queries_of_one_user_keep_another_one_s_reads_and_queries_going() {
    let server = Server::start().await;
    let (greedy, user) = (server.user().await, server.user().await);
    let path = record(&user).await;
    for _ in 0..20 {
        let records: Vec<_> = (0..1000).map(|n| json!({ "n": n, "text": "some words that are looked through" })).collect();
        greedy.post("/api/data/large", &json!(records)).await.expect(201);
    }
    let before = p99(&user, &path).await;
    let mut slow = JoinSet::new();
    for number in 0..500 {
        let greedy = greedy.client.clone();
        slow.spawn(async move {
            let where_ = format!("text%20CONTAINS%20%27nothing%20{number}%27");
            greedy.get(&format!("/api/data/large?where={where_}")).await.status
        });
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let during = p99(&user, &path).await;
    let begin = Instant::now();
    user.get("/api/data/own?where=n%20%3E%200").await.expect(200);
    let query = begin.elapsed();
    let statuses = slow.join_all().await;
    assert!(statuses.iter().all(|status| matches!(status, 200 | 503)), "{statuses:?}");
    assert_bounded(before, during);
    assert!(query < Duration::from_secs(3), "another one's query took {query:?}");
}

/// THREATS 52 and 56: bodies that are small on the wire and large when they are unpacked, or nest. Mutant: compressed bodies are unpacked.
#[tokio::test(flavor = "multi_thread")]
async fn bombs_are_refused_and_keep_nobody_waiting() {
    let server = Server::start().await;
    let (greedy, user) = (server.user().await, server.user().await);
    let path = record(&user).await;
    let before = p99(&user, &path).await;
    let nested = format!("{{\"a\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000));
    let packed = ddb_testkit::Bytes::from(vec![0; 1 << 20]);
    let mut bombs = JoinSet::new();
    for _ in 0..40 {
        let (greedy, nested, packed) = (greedy.client.clone(), nested.clone(), packed.clone());
        bombs.spawn(async move {
            let bombs = "/api/data/bombs";
            let zipped = greedy.with_header("content-encoding", "gzip");
            let packed = zipped.send(Method::POST, bombs, Some(("application/json", packed))).await.status;
            (packed, greedy.send_text(Method::POST, bombs, nested).await.status)
        });
    }
    let during = p99(&user, &path).await;
    for (packed, status) in bombs.join_all().await {
        assert_eq!((packed, status), (415, 400));
    }
    assert_bounded(before, during);
}

/// THREATS 52: bodies that are read within the limits and dear to parse; the last is refused for what the records of one request may have. Mutant:
/// `Place::compute` takes every body for a small one.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_dear_to_parse_keep_nobody_waiting() {
    let server = Server::start().await;
    let (greedy, user) = (server.user().await, server.user().await);
    let path = record(&user).await;
    let before = p99(&user, &path).await;
    let body = ddb_testkit::Bytes::from(format!("{{\"a\":[{}[1]]}}", "[1],".repeat(400_000)));
    let mut dear = JoinSet::new();
    for _ in 0..40 {
        let (greedy, body) = (greedy.client.clone(), body.clone());
        dear.spawn(async move { greedy.send(Method::POST, "/api/data/dear", Some(("application/json", body))).await.status });
    }
    let during = p99(&user, &path).await;
    // Whose turn does not come in time is told so.
    let statuses = dear.join_all().await;
    assert!(statuses.iter().all(|status| matches!(status, 413 | 503)) && statuses.contains(&413), "{statuses:?}");
    assert_bounded(before, during);
}
