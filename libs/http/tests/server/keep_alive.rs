//! How long connections wait for their clients, with times that a test can wait for.

use std::time::{Duration, Instant};

use ddb_http::{ConnectionTimes, Tls, TlsFiles};
use ddb_testkit::{Authority, Directory};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::frames::{DATA, END_HEADERS, END_STREAM, Frames, GOAWAY, HEADERS, PING, RST_STREAM, WINDOW_UPDATE, frame, get};
use crate::site::{LARGE, PAGE, Site};

const TIMES: ConnectionTimes = ConnectionTimes::DEFAULT;
const ACK: u8 = 1;
const CANCEL: u32 = 8;

fn milliseconds(number: u64) -> Duration {
    Duration::from_millis(number)
}

async fn connect(site: &Site) -> TcpStream {
    TcpStream::connect(site.address).await.expect("the system takes connections")
}

async fn ask(stream: &mut TcpStream, path: &str) -> bool {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut answer = [0; 4096];
    stream.write_all(request.as_bytes()).await.is_ok()
        && stream.read(&mut answer).await.is_ok_and(|read| answer[..read].starts_with(b"HTTP/1.1 200 "))
}

/// How long it takes until the server closes.
async fn closed_after(stream: &mut TcpStream) -> Duration {
    let begin = Instant::now();
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut Vec::new())).await.expect("it is closed");
    begin.elapsed()
}

/// Mutants: `Heads` has the time of the headers for both; hyper has no time of its own.
#[tokio::test]
async fn between_two_requests_a_connection_stays_open_for_longer_than_headers_may_take() {
    let site = Site::patient(None, ConnectionTimes { headers: milliseconds(400), idle: milliseconds(2000), ..TIMES }).await;
    let mut stream = connect(&site).await;
    for _ in 0..3 {
        assert!(ask(&mut stream, "/plain").await);
        sleep(milliseconds(1200)).await;
    }
    assert!(ask(&mut stream, "/plain").await);
    let closed = closed_after(&mut stream).await;
    assert!((milliseconds(1900)..milliseconds(15_000)).contains(&closed), "{closed:?}");
    // One that never asks has no longer than headers may take.
    let closed = closed_after(&mut connect(&site).await).await;
    assert!((milliseconds(300)..milliseconds(10_000)).contains(&closed), "{closed:?}");
}

/// THREATS 56. Mutants: each byte begins the time anew; only the first head has one.
#[tokio::test]
async fn the_headers_of_a_later_request_have_as_long_as_those_of_the_first() {
    let site = Site::patient(None, ConnectionTimes { headers: milliseconds(1000), idle: Duration::from_secs(15), ..TIMES }).await;
    let mut stream = connect(&site).await;
    assert!(ask(&mut stream, "/plain").await && ask(&mut stream, "/plain").await);
    sleep(milliseconds(1500)).await;
    let begin = Instant::now();
    stream.write_all(b"GET /plain HTTP/1.1\r\nhost: x\r\nx-slow: ").await.expect("a part is sent");
    let (mut reading, mut writing) = stream.into_split();
    let trickle = async {
        while writing.write_all(b"a").await.is_ok() {
            sleep(milliseconds(50)).await;
        }
        std::future::pending::<()>().await;
    };
    let closed = async { reading.read_to_end(&mut Vec::new()).await };
    tokio::select! { _ = closed => {}, () = trickle => {}, () = sleep(Duration::from_secs(10)) => {} }
    assert!((milliseconds(800)..milliseconds(9_000)).contains(&begin.elapsed()), "{:?}", begin.elapsed());
}

/// THREATS 56: a head that comes with the request before it. Mutant: who says nothing may go on doing so.
#[tokio::test]
async fn half_a_request_behind_another_does_not_hold_a_connection() {
    let site = Site::patient(None, ConnectionTimes { headers: milliseconds(500), idle: milliseconds(1000), ..TIMES }).await;
    let mut stream = connect(&site).await;
    stream.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\nGET /plain HT").await.expect("a request and a half are sent");
    let closed = closed_after(&mut stream).await;
    assert!((milliseconds(500)..milliseconds(15_000)).contains(&closed), "{closed:?}");
}

/// Mutant: open requests are not looked at.
#[tokio::test]
async fn a_connection_is_not_idle_while_a_request_comes_or_an_answer_goes() {
    let site = Site::patient(None, ConnectionTimes { headers: milliseconds(2_000), idle: milliseconds(200), ..TIMES }).await;
    assert!(ask(&mut connect(&site).await, "/slow").await, "the handler takes 500 ms");
    let mut stream = connect(&site).await;
    let head = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 14\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("a head is sent");
    for part in ["{\"tex", "t\":\"a", "bc\"}"] {
        sleep(milliseconds(400)).await;
        stream.write_all(part.as_bytes()).await.expect("a part is sent");
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 201");
    let mut stream = connect(&site).await;
    stream.write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("a request is sent");
    let mut answer = Vec::new();
    while answer.len() <= LARGE && stream.read_buf(&mut answer).await.expect("it is not cut off") > 0 {
        if answer.len() < LARGE / 8 {
            sleep(milliseconds(30)).await;
        }
    }
    assert!(answer.len() > LARGE, "{} bytes", answer.len());
}

struct Secure {
    authority: Authority,
    site: Site,
    _folder: Directory,
}

impl Secure {
    async fn patient(times: ConnectionTimes) -> Self {
        let (authority, folder) = (Authority::new(), Directory::new());
        let (certificate, key) = authority.issue_into(folder.path());
        let tls = Tls::load(TlsFiles { certificate, key }).expect("a certificate and its key");
        Self { authority, site: Site::patient(Some(tls), times).await, _folder: folder }
    }

    async fn frames(&self) -> Frames {
        Frames::connect(&self.authority, &self.site).await
    }
}

/// Mutant: `Activity::ceases` never does.
#[tokio::test]
async fn a_connection_of_http2_that_asks_nothing_any_more_is_told_to_go() {
    let secure = Secure::patient(ConnectionTimes { idle: milliseconds(1000), ..TIMES }).await;
    let mut frames = secure.frames().await;
    for stream in [1, 3, 5] {
        assert!(frames.send(&[frame(HEADERS, END_HEADERS | END_STREAM, stream, &get("/plain"))]).await);
        assert_eq!(frames.next_of(DATA).await.expect("an answer").stream, stream);
        sleep(milliseconds(600)).await;
    }
    let begin = Instant::now();
    let away = frames.next_of(GOAWAY).await.expect("the server says that it goes");
    assert_eq!(away.error(), 0);
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
}

/// Mutant: no pings.
#[tokio::test]
async fn a_client_of_http2_that_answers_no_ping_is_cut_off_and_one_that_does_is_not() {
    let times = ConnectionTimes { ping_every: milliseconds(500), pong_within: milliseconds(1500), ..TIMES };
    let secure = Secure::patient(times).await;
    let (mut silent, mut alive) = (secure.frames().await, secure.frames().await);
    let until_cut_off = async {
        let begin = Instant::now();
        while silent.next().await.is_some() {}
        begin.elapsed()
    };
    let pongs = async {
        let mut pongs = 0;
        while pongs < 8 {
            let ping = alive.next_of(PING).await.expect("the server goes on asking");
            if ping.payload.len() == 8 && alive.send(&[frame(PING, ACK, 0, &ping.payload)]).await {
                pongs += 1;
            }
        }
    };
    let (cut_off, ()) = tokio::join!(until_cut_off, pongs);
    assert!((milliseconds(1500)..milliseconds(8000)).contains(&cut_off), "{cut_off:?}");
}

/// THREATS 56. Mutants: `Watch::poll_over` never is; a whole answer is handed over at once.
#[tokio::test]
async fn a_client_of_http2_that_never_opens_its_window_has_its_streams_reset() {
    let secure = Secure::patient(ConnectionTimes { unread: milliseconds(1500), ..TIMES }).await;
    let mut frames = secure.frames().await;
    let streams: Vec<u32> = (0..100).map(|number| number * 2 + 1).collect();
    let asked: Vec<_> = streams.iter().map(|stream| frame(HEADERS, END_HEADERS | END_STREAM, *stream, &get("/page"))).collect();
    let begin = Instant::now();
    assert!(frames.send(&asked).await);
    let mut reset = Vec::new();
    while reset.len() < streams.len() {
        let next = frames.next_of(RST_STREAM).await.expect("the connection itself stays");
        assert_eq!(next.error(), CANCEL);
        reset.push(next.stream);
    }
    reset.sort_unstable();
    assert_eq!(reset, streams);
    assert!((milliseconds(1400)..milliseconds(8000)).contains(&begin.elapsed()), "{:?}", begin.elapsed());
}

/// Mutant: what was taken does not count.
#[tokio::test]
async fn a_client_of_http2_that_reads_slowly_gets_its_answer() {
    let secure = Secure::patient(ConnectionTimes { unread: milliseconds(1500), ..TIMES }).await;
    let mut frames = secure.frames().await;
    assert!(frames.send(&[frame(HEADERS, END_HEADERS | END_STREAM, 1, &get("/page"))]).await);
    let (mut read, mut unacknowledged) = (0, 0);
    while read < PAGE {
        let next = frames.next().await.expect("it is not cut off");
        assert_ne!(next.kind, RST_STREAM);
        if next.kind == DATA {
            read += next.payload.len();
            unacknowledged += next.payload.len();
        }
        // The window that it has at first is 64 KB.
        if unacknowledged > 60_000 {
            sleep(milliseconds(200)).await;
            let more = u32::try_from(unacknowledged).expect("a few kilobytes").to_be_bytes();
            assert!(frames.send(&[frame(WINDOW_UPDATE, 0, 0, &more), frame(WINDOW_UPDATE, 0, 1, &more)]).await);
            unacknowledged = 0;
        }
    }
}
