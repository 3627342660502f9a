//! What is no proper request gets a whole error envelope, changes nothing, and leaves the process alive.

use ddb_testkit::{Answer, Bytes, Cast, Client, Json, Method, Stage, json};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::{Mutex, MutexGuard};

/// A server on which nobody writes but the test whose turn it is.
static QUIET: Stage = Stage::new();
static TURN: Mutex<()> = Mutex::const_new(());

const MEGABYTE: usize = 1 << 20;
const WRITES: [Method; 3] = [Method::POST, Method::PATCH, Method::PUT];

struct Quiet {
    cast: &'static Cast,
    table: String,
    /// A record of the user.
    path: String,
    before: String,
    _turn: MutexGuard<'static, ()>,
}

impl Quiet {
    async fn enter() -> Self {
        let turn = TURN.lock().await;
        let cast = QUIET.cast().await;
        let table = cast.table();
        let path = cast.user.post(&format!("/api/data/{table}"), &json!({ "a": 1 })).await.expect(201).path();
        let mut quiet = Self { cast, table, path, before: String::new(), _turn: turn };
        quiet.before = quiet.state().await;
        quiet
    }

    /// The path to which a method writes.
    fn path(&self, method: &Method) -> String {
        if *method == Method::POST { format!("/api/data/{}", self.table) } else { self.path.clone() }
    }

    /// The newest transaction and the table.
    async fn state(&self) -> String {
        let list = self.cast.admin.get(&format!("/api/data/{}?limit=1000", self.table)).await.expect(200);
        list.text()
    }

    /// The answer is this error, and nothing has changed.
    async fn refused(&self, answer: Answer, status: u16, code: &str, what: &str) -> Answer {
        assert_eq!((answer.status, answer.code()), (status, code), "{what}: {}", answer.text());
        let answer = answer.expect_error(status, code);
        assert_eq!(answer.header("content-type"), "application/json", "{what}");
        assert_eq!(answer.header("cache-control"), "private, no-store", "{what}");
        assert!(!answer.header("x-request-id").is_empty() && !answer.header("x-ddb-version").is_empty(), "{what}");
        assert!(answer.body.len() < 4_096, "{what}: an error of {} bytes", answer.body.len());
        assert_eq!(self.state().await, self.before, "{what}");
        answer
    }

    /// Sends the user's body as it is to every route that takes one.
    async fn refuse_body(&self, body: impl Into<Bytes>, status: u16, code: &str) {
        let body = body.into();
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        for method in WRITES {
            let answer = self.cast.user.send_text(method.clone(), &self.path(&method), body.clone()).await;
            self.refused(answer, status, code, &format!("{method} {shown}")).await;
        }
    }

    /// The process lives, and its data is sound.
    async fn leave(self) {
        self.cast.anon.get("/health").await.expect(200);
        assert_eq!(self.state().await, self.before);
        let verified = self.cast.server.ddb(&["verify"]);
        assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
        assert!(!self.cast.server.log().contains("panicked"), "{}", self.cast.server.log());
    }
}

#[tokio::test]
async fn what_is_no_json_is_400() {
    let quiet = Quiet::enter().await;
    for body in [
        "",
        " ",
        "{",
        "[",
        "}",
        "{\"a\"",
        "{\"a\":}",
        "{\"a\":1",
        "{\"a\":1,}",
        "[1,]",
        "{a:1}",
        "{'a':1}",
        "{,}",
        "nul",
        "truee",
        "{\"a\":1}}",
        "{}{}",
        "{} x",
        "{}\0",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":0x1}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":--1}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\0\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u{12}\"}",
        "{\"a\":\"",
        "\"",
        "\u{feff}{}",
        "{\"a\":1 \"b\":2}",
        "{\"a\" 1}",
        "/**/{}",
        "{} //",
        "a=1&b=2",
        "<a/>",
        "{\"a\":\u{a0}1}",
        // Keys that stand twice.
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"id\":1,\"id\":2}",
        "{\"$ttl\":1,\"$ttl\":2}",
        "{\"_owner\":1,\"_owner\":2}",
        "{\"a\":{\"b\":1,\"b\":2}}",
        "{\"a\":[{\"b\":1,\"b\":2}]}",
        "{\"a\":{\"$inc\":1,\"$inc\":1}}",
        "{\"\":1,\"\":2}",
        // Halves of characters.
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\ud800\\ud800\"}",
        "{\"a\":\"\\udc00\\ud800\"}",
        "{\"a\":\"\\ud800x\"}",
        "{\"\\ud800\":1}",
    ] {
        quiet.refuse_body(body, 400, "BAD_REQUEST").await;
    }
    for body in [
        &b"{\"a\":\"\xff\"}"[..],
        b"{\"a\":\"\xc0\x80\"}",
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"{\"\xe2\x82\":1}",
        b"\xff\xfe{\0}\0",
        b"{\"a\":1}\x80",
        b"\x1f\x8b\x08\0",
    ] {
        quiet.refuse_body(Bytes::from_static(body), 400, "BAD_REQUEST").await;
    }
    let many: String = (0..2_000).map(|n| format!("\"k{n}\":0,")).collect();
    quiet.refuse_body(format!("{{{many}\"k1999\":0}}"), 400, "BAD_REQUEST").await;
    quiet.leave().await;
}

#[tokio::test]
async fn deep_nesting_is_400() {
    let quiet = Quiet::enter().await;
    for (open, inner, close) in [
        ("[", "1", "]"),
        ("{\"a\":", "1", "}"),
        ("[{\"a\":", "1", "}]"),
        ("{\"$set\":[", "1", "]}"),
        ("{\"$object\":", "{}", "}"),
    ] {
        for depth in [65, 10_000, 1_000_000] {
            quiet
                .refuse_body(format!("{{\"a\":{}{inner}{}}}", open.repeat(depth), close.repeat(depth)), 400, "BAD_REQUEST")
                .await;
            quiet.refuse_body(open.repeat(depth), 400, "BAD_REQUEST").await;
        }
    }
    // 64 levels with the record itself are taken.
    let deepest = format!("{{\"a\":{}{}}}", "[".repeat(63), "]".repeat(63));
    let path = format!("/api/data/{}", quiet.cast.table());
    let made = quiet.cast.user.send_text(Method::POST, &path, deepest).await.expect(201);
    assert!(quiet.cast.user.get(&made.path()).await.expect(200).text().contains(&"[".repeat(63)));
    let deeper = format!("{{\"a\":{}{}}}", "[".repeat(64), "]".repeat(64));
    quiet.cast.user.send_text(Method::POST, &path, deeper).await.expect_error(400, "BAD_REQUEST");
    let quiet = Quiet { before: quiet.state().await, ..quiet };
    quiet.leave().await;
}

#[tokio::test]
async fn what_is_no_record_is_422() {
    let quiet = Quiet::enter().await;
    let long = "f".repeat(129);
    let field_names = [
        "",
        &long,
        &"é".repeat(65),
        "$x",
        "$",
        "$ttl2",
        "a\u{1}b",
        "a\nb",
        "\u{7f}",
        "a\u{85}b",
        "id2\u{0}",
        "_owner",
        "_tx",
        "_expires",
        "in",
        "out",
    ];
    for name in field_names {
        let body = Json::from_iter([(name, json!(1))]).to_string();
        quiet.refuse_body(body, 422, "VALIDATION_FAILED").await;
    }
    for body in [
        "1",
        "\"x\"",
        "null",
        "true",
        "1.5",
        "{\"a\":1e400}",
        "{\"a\":9223372036854775808}",
        "{\"a\":[{\"b\":-1e999}]}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\\u0000\":1}",
        "{\"a\":{\"\\u0000\":1}}",
        "{\"id\":\"\\u0000\"}",
        "{\"$ttl\":\"1\"}",
        "{\"$ttl\":1e3}",
        "{\"$ttl\":true}",
        "{\"$ttl\":-1}",
        "{\"a\":{\"$nope\":1}}",
        "{\"a\":{\"$datetime\":1}}",
        "{\"$where\":1}",
        "{\"$set\":{\"a\":1}}",
        "{\"$owner\":\"user:1\"}",
        "{\"_owner\":null}",
        "{\"_owner\":{\"$record\":\"user:1\"}}",
    ] {
        quiet.refuse_body(body, 422, "VALIDATION_FAILED").await;
    }
    quiet.refuse_body(format!("{{\"a\":{}}}", "9".repeat(100_000)), 422, "VALIDATION_FAILED").await;
    quiet.refuse_body(format!("{{\"a\":1.5e{}}}", "9".repeat(100_000)), 422, "VALIDATION_FAILED").await;
    quiet.leave().await;
}

#[tokio::test]
async fn names_that_look_dangerous_are_only_names() {
    let quiet = Quiet::enter().await;
    let path = format!("/api/data/{}", quiet.cast.table());
    let names = [
        "'; drop table x; --",
        "\"",
        "`",
        "\\",
        "a.b",
        "a[0]",
        "*",
        "%s",
        "{}",
        "__proto__",
        "constructor",
        "toString",
        "user.id",
        "auth",
        "select",
        "a b",
        "é",
        "💡",
        "owner",
        "_id",
        "_",
        "ID",
        "doc",
        "tx",
        "\u{200b}",
        "\u{202e}x",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(["f".repeat(128)])
    .collect::<Vec<_>>();
    for (n, name) in names.iter().enumerate() {
        let body = Json::from_iter([(name.as_str(), json!({ name.as_str(): n }))]);
        let made = quiet.cast.user.post(&path, &body).await.expect(201);
        assert_eq!(made.json["data"][name][name], n, "{name}");
        let merged =
            quiet.cast.user.patch(&made.path(), &Json::from_iter([(name.as_str(), json!({ "more": 1 }))])).await.expect(200);
        assert_eq!(merged.json["data"][name], json!({ name.as_str(): n, "more": 1 }), "{name}");
        assert_eq!(quiet.cast.user.get(&made.path()).await.json["data"], merged.json["data"]);
        let removed = quiet.cast.user.patch(&made.path(), &Json::from_iter([(name.as_str(), Json::Null)])).await.expect(200);
        assert!(removed.json["data"].get(name).is_none(), "{name}");
        assert_eq!(removed.json["data"]["_owner"], quiet.cast.user.id.as_str());
    }
    let quiet = Quiet { before: quiet.state().await, ..quiet };
    quiet.leave().await;
}

#[tokio::test]
async fn table_names_have_one_form() {
    let quiet = Quiet::enter().await;
    let long = "t".repeat(64);
    for table in [
        "x;drop%20table%20user",
        "%27;%20drop%20table%20x;%20--",
        "x%22",
        "1a",
        "9",
        "a-b",
        "a.b",
        "a%20b",
        "a%2Fb",
        "%2e%2e",
        "%2E",
        "..",
        ".",
        "%00",
        "a%00",
        "a%0A",
        "t%C3%A9",
        "%E2%84%AA",
        "user%20",
        "%20user",
        "$x",
        "*",
        "a%25",
        "ddb.tx",
        "pg_catalog.pg_class",
        &long,
        "%ff",
        "%",
        "%4",
        "%zz",
        "%c3%28",
        "user:1",
        "~",
        "@",
    ] {
        for (method, path, body) in [
            (Method::GET, format!("/api/data/{table}"), None),
            (Method::POST, format!("/api/data/{table}"), Some(("application/json", Bytes::from_static(b"{}")))),
            (Method::GET, format!("/api/data/{table}/1"), None),
            (Method::PATCH, format!("/api/data/{table}/1"), Some(("application/json", Bytes::from_static(b"{}")))),
            (Method::PUT, format!("/api/data/{table}/1"), Some(("application/json", Bytes::from_static(b"{}")))),
            (Method::DELETE, format!("/api/data/{table}/1"), None),
        ] {
            let answer = quiet.cast.admin.send(method.clone(), &path, body).await;
            quiet.refused(answer, 400, "BAD_REQUEST", &format!("{method} {path}")).await;
        }
    }
    let answer = quiet.cast.admin.get(&format!("/api/data//{}", quiet.table)).await;
    quiet.refused(answer, 400, "BAD_REQUEST", "an empty name").await;
    for table in ["t", "_", "T", &"t".repeat(63), "select", "tx", "null"] {
        quiet.cast.user.get(&format!("/api/data/{table}")).await.expect(200);
    }
    quiet.leave().await;
}

/// Threats 30 and 50: another spelling of a route is no route.
#[tokio::test]
async fn other_spellings_of_a_route_are_404() {
    let quiet = Quiet::enter().await;
    let (table, path) = (&quiet.table, &quiet.path);
    let key = path.rsplit('/').next().expect("a key");
    for path in [
        "/".to_owned(),
        "/api".to_owned(),
        "/api/data".to_owned(),
        "/api/data/".to_owned(),
        format!("/api/data/{table}/"),
        format!("{path}/"),
        format!("{path}/x"),
        format!("//api/data/{table}"),
        format!("/api//data/{table}"),
        format!("/api/data/{table}//{key}"),
        format!("/API/data/{table}"),
        format!("/api/Data/{table}"),
        format!("/api/./data/{table}"),
        format!("/api/x/../data/{table}"),
        format!("/api/%2e/data/{table}"),
        format!("/api%2Fdata/{table}"),
        format!("/%61pi/data/{table}"),
        format!("/api/data;x=1/{table}"),
        format!("/v1/api/data/{table}"),
        format!("{path}/history"),
        "/api/query".to_owned(),
        "/api/sql".to_owned(),
        "/api/mutate".to_owned(),
        "/api/batch".to_owned(),
        "/api/schema".to_owned(),
        "/api/admin/quotas".to_owned(),
        "/metrics".to_owned(),
    ] {
        for caller in [&quiet.cast.admin.client, &quiet.cast.anon] {
            for method in [Method::GET, Method::DELETE] {
                let answer = caller.send(method.clone(), &path, None).await;
                quiet.refused(answer, 404, "NOT_FOUND", &format!("{method} {path}")).await;
            }
            let answer = caller.send_text(Method::POST, &path, "{}").await;
            quiet.refused(answer, 404, "NOT_FOUND", &format!("POST {path}")).await;
        }
    }
    quiet.leave().await;
}

#[tokio::test]
async fn headers_and_parameters_that_are_not_known_are_400() {
    let quiet = Quiet::enter().await;
    let user = &quiet.cast.user;
    let clients: Vec<(Client, u16, &str, String)> = [
        ("x-ddb-min-tx", "1", 400, "BAD_REQUEST"),
        ("x-ddb-tx", "1", 400, "BAD_REQUEST"),
        ("x-ddb-role", "admin", 400, "BAD_REQUEST"),
        ("X-DDB-Admin", "true", 400, "BAD_REQUEST"),
        ("idempotency-key", "k", 400, "BAD_REQUEST"),
        ("x-ddb-version", "2020-01-01", 400, "BAD_REQUEST"),
        ("x-ddb-version", "", 400, "BAD_REQUEST"),
        ("x-ddb-namespace", "other", 404, "NAMESPACE_NOT_FOUND"),
        ("x-ddb-namespace", "MAIN", 404, "NAMESPACE_NOT_FOUND"),
        ("x-ddb-namespace", "a b", 400, "BAD_REQUEST"),
        ("x-ddb-namespace", "1a", 400, "BAD_REQUEST"),
        ("x-ddb-namespace", "", 400, "BAD_REQUEST"),
        ("x-ddb-namespace", "main'; drop table x; --", 400, "BAD_REQUEST"),
        ("x-ddb-namespace", "é", 400, "BAD_REQUEST"),
        ("authorization", "Basic YTpi", 401, "UNAUTHENTICATED"),
        ("authorization", "Bearer x", 401, "UNAUTHENTICATED"),
    ]
    .into_iter()
    .map(|(name, value, status, code)| (user.with_header(name, value), status, code, format!("{name}: {value}")))
    .chain([
        (user.with_header("x-ddb-namespace", &"n".repeat(64)), 400, "BAD_REQUEST", "a namespace of 64 bytes".to_owned()),
        (
            user.with_header("x-ddb-namespace", "main").with_header("x-ddb-namespace", "main"),
            400,
            "BAD_REQUEST",
            "two namespaces".to_owned(),
        ),
        (user.with_header("x-filler", &"x".repeat(20_000)), 431, "HEADERS_TOO_LARGE", "20 KB of headers".to_owned()),
        (
            (0..70).fold(user.client.clone(), |client, n| client.with_header(&format!("x-{n}"), "1")),
            431,
            "HEADERS_TOO_LARGE",
            "70 headers".to_owned(),
        ),
    ])
    .collect();
    for (client, status, code, what) in &clients {
        for (method, path) in
            [(Method::GET, &quiet.path), (Method::DELETE, &quiet.path), (Method::GET, &format!("/api/data/{}", quiet.table))]
        {
            let answer = client.send(method.clone(), path, None).await;
            quiet.refused(answer, *status, code, &format!("{method} with {what}")).await;
        }
        for method in WRITES {
            let answer = client.send_text(method.clone(), &quiet.path(&method), "{\"b\":1}").await;
            quiet.refused(answer, *status, code, &format!("{method} with {what}")).await;
        }
    }
    for query in [
        "where=",
        "where=true",
        "x=1",
        "x",
        "=",
        "limit=1;drop",
        "%ff",
        "limit=%ff",
        "a%00=1",
        "fields[]=a",
        "'; drop table x; --".replace(' ', "%20").as_str(),
    ] {
        for method in WRITES {
            let answer = user.send_text(method.clone(), &format!("{}?{query}", quiet.path(&method)), "{\"b\":1}").await;
            quiet.refused(answer, 400, "BAD_REQUEST", &format!("{method} ?{query}")).await;
        }
        let answer = user.delete(&format!("{}?{query}", quiet.path)).await;
        quiet.refused(answer, 400, "BAD_REQUEST", &format!("DELETE ?{query}")).await;
    }
    let main = user.with_header("x-ddb-namespace", "main").with_header("x-ddb-version", "2026-11-22");
    main.get(&quiet.path).await.expect(200);
    quiet.leave().await;
}

#[tokio::test]
async fn a_request_id_is_taken_where_it_has_the_form() {
    let quiet = Quiet::enter().await;
    for (given, is_taken) in [
        ("abc-1.2_X", true),
        (&*"x".repeat(64), true),
        (&*"x".repeat(65), false),
        ("a b", false),
        ("a\"b", false),
        ("", false),
        ("é", false),
    ] {
        let answer = quiet.cast.user.with_header("x-request-id", given).get("/api/data/1").await;
        let answer = quiet.refused(answer, 400, "BAD_REQUEST", given).await;
        assert_eq!(answer.header("x-request-id") == given, is_taken, "{given}");
    }
    quiet.leave().await;
}

#[tokio::test]
async fn bodies_of_another_kind_are_415() {
    let quiet = Quiet::enter().await;
    let body = Bytes::from_static(b"{\"b\":1}");
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/json",
        "application/msgpack",
        "application/jsonp",
        "json",
        "*/*",
        "application/",
    ] {
        for method in WRITES {
            let answer = quiet.cast.user.send(method.clone(), &quiet.path(&method), Some((kind, body.clone()))).await;
            quiet.refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE", &format!("{method} {kind}")).await;
        }
    }
    for coding in ["gzip", "br", "identity, gzip", "x"] {
        let client = quiet.cast.user.with_header("content-encoding", coding);
        for method in WRITES {
            let answer = client.send_text(method.clone(), &quiet.path(&method), body.clone()).await;
            quiet.refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE", &format!("{method} {coding}")).await;
        }
    }
    for method in WRITES {
        let answer = quiet.cast.user.send(method.clone(), &quiet.path(&method), None).await;
        quiet.refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE", &format!("{method} without a body")).await;
    }
    let plain = quiet.cast.user.with_header("content-encoding", "identity");
    plain.send_text(Method::PATCH, &quiet.path, "{}").await.expect(200);
    quiet.leave().await;
}

#[tokio::test]
async fn what_is_too_large_is_413() {
    let quiet = Quiet::enter().await;
    quiet.refuse_body(format!("{{\"a\":\"{}\"}}", "x".repeat(MEGABYTE)), 413, "PAYLOAD_TOO_LARGE").await;
    quiet.refuse_body(format!("{{\"a\":[{}1]}}", "1,".repeat(MEGABYTE / 2)), 413, "PAYLOAD_TOO_LARGE").await;
    quiet.refuse_body(format!("{{\"a\":\"{}\"}}", "x".repeat(16 * MEGABYTE - 8)), 413, "PAYLOAD_TOO_LARGE").await;
    quiet.refuse_body(" ".repeat(16 * MEGABYTE + 1), 413, "PAYLOAD_TOO_LARGE").await;
    // A body of 16 MB is read; this one is a record with much white space around.
    let spacious = format!("{}{{\"a\":1}}{}", " ".repeat(8 * MEGABYTE), " ".repeat(8 * MEGABYTE - 7));
    assert_eq!(spacious.len(), 16 * MEGABYTE);
    quiet.cast.user.send_text(Method::PATCH, &quiet.path, spacious).await.expect(200);
    quiet.leave().await;
}

#[tokio::test]
async fn a_body_of_100_megabytes_is_413_and_the_client_can_read_it() {
    let quiet = Quiet::enter().await;
    let token = quiet.cast.user.token.as_deref().expect("a token");
    for method in WRITES {
        let path = quiet.path(&method);
        let head = |how: &str| {
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n{how}\r\n\r\n").into_bytes()
        };
        let piece = Bytes::from(vec![b' '; MEGABYTE]);
        let with_length = head(&format!("content-length: {}", 100 * MEGABYTE));
        let chunk = Bytes::from([format!("{MEGABYTE:x}\r\n").as_bytes(), &piece, b"\r\n"].concat());
        for (head, piece) in [(with_length, piece), (head("transfer-encoding: chunked"), chunk)] {
            let answer = quiet.cast.user.upload(&head, std::iter::repeat_n(piece, 100)).await.expect("the answer arrives");
            let answer = Answer::parse_all(&answer).remove(0);
            quiet.refused(answer, 413, "PAYLOAD_TOO_LARGE", &format!("{method} of 100 MB")).await;
        }
    }
    quiet.leave().await;
}

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
