use std::time::{Duration, Instant};

use ddb_testkit::{Authority, Bytes, Client, Directory, Method, json};

use crate::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, Frames, GOAWAY, HEADERS, RST_STREAM, WINDOW_UPDATE, fields, frame, get,
};
use crate::site::Site;

const ENHANCE_YOUR_CALM: u32 = 11;
const PROTOCOL_ERROR: u32 = 1;

struct Secure {
    authority: Authority,
    site: Site,
    _folder: Directory,
}

impl Secure {
    async fn start() -> Self {
        let (authority, folder) = (Authority::new(), Directory::new());
        let site = Site::secure(&authority, folder.path()).await;
        Self { authority, site, _folder: folder }
    }

    fn client(&self) -> Client {
        self.site.client().over_tls(&self.authority, &["h2"])
    }

    async fn frames(&self) -> Frames {
        Frames::connect(&self.authority, &self.site).await
    }
}

#[tokio::test]
async fn what_is_refused_in_http1_is_refused_in_the_same_way() {
    let secure = Secure::start().await;
    let client = secure.client();
    client.get("/panic").await.expect_error(500, "INTERNAL");
    client.delete("/plain").await.expect_error(405, "METHOD_NOT_ALLOWED");
    client.with_header("x-ddb-anything", "1").get("/plain").await.expect_error(400, "BAD_REQUEST");
    client.get("/plain?x=1").await.expect_error(400, "BAD_REQUEST");
    client.with_header("x-long", &"a".repeat(17_000)).get("/plain").await.expect_error(431, "HEADERS_TOO_LARGE");
    let huge = Bytes::from(vec![b' '; 17 << 20]);
    client.send(Method::POST, "/echo", Some(("application/json", huge.clone()))).await.expect_error(413, "PAYLOAD_TOO_LARGE");
    client.send(Method::POST, "/small", Some(("application/json", huge))).await.expect_error(413, "PAYLOAD_TOO_LARGE");
    client.post("/refused", &json!({ "text": "x".repeat(1 << 20) })).await.expect_error(401, "UNAUTHENTICATED");
    for path in ["//plain", "/plain/", "/%70lain/", "/PLAIN", "/./plain", "/x/../plain"] {
        client.get(path).await.expect_error(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn many_requests_share_one_connection() {
    let secure = Secure::start().await;
    let mut frames = secure.frames().await;
    let slow: Vec<_> = (0..50).map(|number| frame(HEADERS, END_HEADERS | END_STREAM, number * 2 + 1, &get("/slow"))).collect();
    let begin = Instant::now();
    assert!(frames.send(&slow).await);
    let mut answers = 0;
    while answers < 50 {
        answers += u32::from(frames.next().await.expect("an answer").kind == HEADERS);
    }
    // Each takes half a second.
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

/// CVE-2023-44487. Mutant: `max_pending_accept_reset_streams(None)`.
#[tokio::test]
async fn a_client_that_resets_what_it_asks_is_cut_off_and_others_are_served() {
    let secure = Secure::start().await;
    let mut frames = secure.frames().await;
    let mut attack = Vec::new();
    for stream in (0..5_000).map(|number| number * 2 + 1) {
        attack.push(frame(HEADERS, END_HEADERS | END_STREAM, stream, &get("/slow")));
        attack.push(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
    }
    frames.send(&attack).await;
    let away = frames.next_of(GOAWAY).await.expect("the server says why");
    assert_eq!(away.error(), ENHANCE_YOUR_CALM);
    secure.client().get("/plain").await.expect(200);
}

/// CVE-2025-8671: the client makes the server reset streams. Mutant: `RESETS_FOR_ERRORS` a hundred times as much.
#[tokio::test]
async fn a_client_whose_streams_are_all_wrong_is_cut_off() {
    let secure = Secure::start().await;
    let mut frames = secure.frames().await;
    let mut attack = Vec::new();
    for stream in (0..5_000).map(|number| number * 2 + 1) {
        attack.push(frame(HEADERS, END_HEADERS, stream, &get("/slow")));
        // A window that grows beyond all bounds is an error of the stream alone.
        attack.push(frame(WINDOW_UPDATE, 0, stream, &0x7fff_ffff_u32.to_be_bytes()));
    }
    frames.send(&attack).await;
    let away = frames.next_of(GOAWAY).await.expect("the server says why");
    assert_eq!(away.error(), ENHANCE_YOUR_CALM);
    secure.client().get("/plain").await.expect(200);
}

#[tokio::test]
async fn headers_that_do_not_end_are_cut_off() {
    let secure = Secure::start().await;
    let mut frames = secure.frames().await;
    let mut attack = vec![frame(HEADERS, END_STREAM, 1, &get("/plain"))];
    let piece = fields(&[("x-a", "a"); 1000]);
    attack.extend((0..2_000).map(|_| frame(CONTINUATION, 0, 1, &piece)));
    frames.send(&attack).await;
    assert!(frames.next_of(GOAWAY).await.is_some());
    secure.client().get("/plain").await.expect(200);
}

/// Mutant: `HEADERS_BYTES` a hundred times as much.
#[tokio::test]
async fn headers_that_are_small_on_the_wire_alone_are_refused() {
    let secure = Secure::start().await;
    for times in [300, 2_000] {
        let mut frames = secure.frames().await;
        // One long field that is named again and again: 161 bytes each time, as HTTP/2 counts.
        let mut block = get("/plain");
        block.extend_from_slice(&[&[0x40, 3][..], b"x-a", &[126], &[b'a'; 126]].concat());
        block.extend(std::iter::repeat_n(0x80 | 62, times));
        assert!(frames.send(&[frame(HEADERS, END_HEADERS | END_STREAM, 1, &block)]).await);
        let refused = loop {
            let answer = frames.next().await.expect("an answer");
            if [HEADERS, GOAWAY].contains(&answer.kind) {
                break answer;
            }
        };
        // 431 is a literal in HPACK; a client that goes far beyond is cut off.
        assert_eq!((refused.kind, refused.payload[0]), if times < 1_000 { (HEADERS, 0x48) } else { (GOAWAY, 0) }, "{refused:?}");
    }
    secure.client().get("/plain").await.expect(200);
}

#[tokio::test]
async fn pseudo_headers_that_are_no_request_reach_no_route() {
    let secure = Secure::start().await;
    let (method, scheme, path, host) = ((":method", "GET"), (":scheme", "https"), (":path", "/plain"), (":authority", "x"));
    for bad in [
        &[method, scheme, path, path, host][..],
        &[method, method, scheme, path, host],
        &[method, scheme, host],
        &[scheme, path, host],
        &[method, scheme, path, host, (":status", "200")],
        &[method, scheme, path, host, (":secret", "1")],
        &[method, scheme, host, ("x-a", "1"), path],
        &[method, scheme, path, host, ("X-Upper", "1")],
        &[method, scheme, path, host, ("transfer-encoding", "chunked")],
        &[method, scheme, path, host, ("connection", "keep-alive")],
        &[method, scheme, path, host, ("x-a", "1\r\nx-b: 2")],
        &[method, scheme, (":path", "plain"), host],
        &[method, scheme, (":path", ""), host],
        &[(":method", "CONNECT"), scheme, path, host, (":protocol", "websocket")],
    ] {
        let mut frames = secure.frames().await;
        assert!(frames.send(&[frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields(bad))]).await);
        let refused = loop {
            match frames.next().await {
                Some(answer) if answer.stream == 1 || answer.kind == GOAWAY => break answer,
                Some(_) => {}
                None => panic!("closed without a word: {bad:?}"),
            }
        };
        match refused.kind {
            RST_STREAM | GOAWAY => assert_eq!(refused.error(), PROTOCOL_ERROR, "{bad:?}"),
            // 400, by its place in HPACK's table of known fields.
            _ => assert_eq!((refused.kind, refused.payload.first()), (HEADERS, Some(&0x8c)), "{bad:?}"),
        }
    }
}

#[tokio::test]
async fn a_body_of_another_length_than_announced_is_refused() {
    let secure = Secure::start().await;
    for (length, body) in [("5", &b"{\"text\":\"x\"}"[..]), ("500", b"{\"text\":\"x\"}")] {
        let mut frames = secure.frames().await;
        let head = fields(&[
            (":method", "POST"),
            (":scheme", "https"),
            (":path", "/echo"),
            (":authority", "x"),
            ("content-type", "application/json"),
            ("content-length", length),
        ]);
        assert!(frames.send(&[frame(HEADERS, END_HEADERS, 1, &head), frame(DATA, END_STREAM, 1, body)]).await);
        let refused = frames.next_of(RST_STREAM).await.expect("the stream is reset");
        assert_eq!((refused.stream, refused.error()), (1, PROTOCOL_ERROR), "{length}");
    }
    secure.client().get("/plain").await.expect(200);
}

#[tokio::test]
async fn open_requests_are_finished_at_the_shutdown_and_nobody_new_is_let_in() {
    let secure = Secure::start().await;
    let mut frames = secure.frames().await;
    assert!(frames.send(&[frame(HEADERS, END_HEADERS | END_STREAM, 1, &get("/slow"))]).await);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let others: Vec<Client> = vec![secure.client(), secure.site.client().over_tls(&secure.authority, &["http/1.1"])];
    let others: Vec<_> = others.into_iter().map(|client| tokio::spawn(async move { client.get("/slow").await })).collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    secure.site.stop.cancel();
    let away = frames.next_of(GOAWAY).await.expect("the server says that it goes");
    assert_eq!(away.error(), 0);
    assert!(secure.authority.connect(secure.site.address, &["h2"]).await.is_err());
    let answer = frames.next_of(DATA).await.expect("the answer");
    assert_eq!((answer.stream, answer.payload.as_slice()), (1, &b"\"done\""[..]));
    for other in others {
        assert_eq!(other.await.expect("a task").expect(200).text(), "\"done\"");
    }
    drop(frames);
    secure.site.stopped().await;
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_the_shutdown() {
    let secure = Secure::start().await;
    // One that was not even greeted by its client, and one that has asked something.
    let _silent = secure.authority.connect(secure.site.address, &["h2"]).await.expect("a connection");
    let client = secure.client();
    client.get("/plain").await.expect(200);
    let begin = Instant::now();
    secure.site.stop.cancel();
    secure.site.stopped().await;
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
}
