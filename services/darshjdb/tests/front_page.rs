//! What a person meets first: the page at `/`, what a browser is told that may not ask, and how a caller is told to sign in.

use std::process::Command;
use std::time::{Duration, Instant};

use ddb_testkit::{Answer, Client, Method, Server, json};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const EMAIL: &str = "you@example.com";
const PASSWORD: &str = "correct horse 42 battery";

/// The page, once PostgreSQL answers within the second that the state waits for it, which a busy machine may not always let it do.
async fn page(client: &Client) -> Answer {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let answer = client.with_header("accept", BROWSER).get("/").await.expect(200);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        if answer.text().contains("<b>Ready.</b>") || Instant::now() > end {
            return answer;
        }
    }
}

#[tokio::test]
async fn a_browser_gets_a_page_and_a_program_gets_json() {
    let server = Server::start().await;
    let client = server.anon();
    let answer = page(&client).await;
    let text = answer.text();
    for part in [
        "<b>Ready.</b>",
        "href=\"/api/docs\"",
        "href=\"/api/openapi.json\"",
        &format!("curl -X POST {}/api/auth/signup", server.url()),
        &format!("curl {}/api/data/tasks", server.url()),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(["{{", "/*style", "/*script"].iter().all(|place| !text.contains(place)), "nothing is left to fill in: {text}");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-") && policy.contains("connect-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");

    for accept in [None, Some("*/*"), Some("application/json"), Some("text/html;q=0.5, application/json"), Some("text/html;q=0")]
    {
        let client = accept.map_or(client.clone(), |accept| client.with_header("accept", accept));
        let answer = client.get("/").await.expect(200);
        assert_eq!(answer.header("content-type"), "application/json", "{accept:?}");
        let state = answer.json["status"].as_str();
        assert!(
            answer.json["name"] == "DarshJDB" && matches!(state, Some("ready" | "not ready")),
            "{accept:?}: {}",
            answer.text()
        );
        assert_eq!((answer.header("vary"), answer.header("cache-control")), ("Accept, Host", "private, no-store"));
    }
    let head = client.with_header("accept", BROWSER).send(Method::HEAD, "/", None).await.expect(200);
    assert!(head.body.is_empty() && head.header("content-type").starts_with("text/html"));
    assert_eq!((answer.header("vary"), answer.header("cache-control")), ("Accept, Host", "private, no-store"));
    client.post("/", &json!({})).await.expect_error(405, "METHOD_NOT_ALLOWED");
    client.with_header("accept", BROWSER).get("/?x=1").await.expect_error(400, "BAD_REQUEST");
}

/// Mutant: `is_host` lets everything through.
#[tokio::test]
async fn the_page_shows_the_host_that_was_asked_and_no_markup_in_it() {
    let server = Server::start().await;
    let asked = |host: &str| {
        let mut command = Command::new("curl");
        command.args(["--silent", "-H", "Accept: text/html", "-H", &format!("Host: {host}"), &server.url()]);
        let output = command.output().expect("curl can be run");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(asked("db.example.com:8443").contains("curl -X POST http://db.example.com:8443/api/auth/signup"));
    assert!(asked("[::1]:7700").contains("curl -X POST http://[::1]:7700/api/auth/signup"));
    for host in ["a\"b", "a'b", "<b>x", "x$(id)", "x`id`", "user@host", "a;b"] {
        let text = asked(host);
        assert!(!text.contains(host), "{host}: {text}");
        assert!(text.is_empty() || text.contains("http://localhost:7700/") || text.contains("BAD_REQUEST"), "{host}: {text}");
    }
}

/// Mutants: the notice for everybody; the notice also where there is an admin.
#[tokio::test]
async fn a_person_at_the_machine_is_told_how_to_make_an_admin_and_nobody_else_is() {
    let server = Server::start().await;
    let client = server.anon();
    let data_dir = server.data_dir().display().to_string();
    for (header, value) in
        [("x-forwarded-for", "203.0.113.7"), ("forwarded", "for=203.0.113.7"), ("via", "1.1 proxy"), ("x-real-ip", "203.0.113.7")]
    {
        let text = page(&client.with_header(header, value)).await.text();
        assert!(!text.contains(&data_dir) && !text.contains("no admin"), "{header}: {text}");
    }
    let mut elsewhere = Command::new("curl");
    elsewhere.args(["--silent", "-H", "Accept: text/html", "-H", "Host: db.example.com", &server.url()]);
    let text = String::from_utf8_lossy(&elsewhere.output().expect("curl can be run").stdout).into_owned();
    assert!(text.contains("The first minute") && !text.contains(&data_dir) && !text.contains("no admin"), "{text}");
    assert!(!client.get("/").await.expect(200).text().contains(&data_dir));

    let text = page(&client).await.text();
    let (_, notice) = text.split_once("There is no admin yet").expect("a notice");
    let (_, command) = notice.split_once("<code>").expect("a command");
    let (command, _) = command.split_once("</code>").expect("the command ends");
    let command = command.replace("&#39;", "'").replace("&quot;", "\"").replace("&amp;", "&");
    assert!(command.contains(&data_dir), "{command}");
    // Typed as it stands, it makes one.
    let script = format!("printf '{PASSWORD}\\n' | {command} --password-stdin");
    let made = Command::new("bash").args(["-c", &script]).output().expect("bash can be run");
    assert!(made.status.success(), "{script}: {}", String::from_utf8_lossy(&made.stderr));
    client.post("/api/auth/signin", &json!({ "email": EMAIL, "password": PASSWORD })).await.expect(200);
    let text = page(&client).await.text();
    assert!(!text.contains("no admin") && !text.contains(&data_dir), "{text}");
}

/// Mutants: without the memory of origins; the origin as it was sent.
#[tokio::test]
async fn the_first_preflight_of_a_page_that_is_refused_says_in_the_log_what_would_allow_it() {
    let server = Server::start().await;
    let preflight = async |origin: &str| {
        let client = server.anon().with_header("origin", origin).with_header("access-control-request-method", "POST");
        client.send(Method::OPTIONS, "/api/data/tasks", None).await.expect_error(405, "METHOD_NOT_ALLOWED");
    };
    for _ in 0..3 {
        preflight("http://localhost:3000").await;
    }
    preflight("null").await;
    let end = Instant::now() + Duration::from_secs(10);
    while !server.log().contains("cannot be allowed") {
        assert!(Instant::now() < end, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let log = server.log();
    assert_eq!(log.matches("DDB_CORS_ORIGINS=http://localhost:3000").count(), 1, "{log}");
    assert_eq!(log.matches("--cors-origins http://localhost:3000").count(), 1, "{log}");
}

/// Mutant: `render` without the header.
#[tokio::test]
async fn whoever_must_sign_in_is_told_how() {
    let server = Server::start().await;
    let anon = server.anon();
    let wrong = json!({ "email": EMAIL, "password": PASSWORD });
    for answer in [
        anon.get("/api/auth/me").await,
        anon.get("/metrics").await,
        anon.post("/api/data/tasks", &json!({ "title": "x" })).await,
        anon.post("/api/auth/signin", &wrong).await,
        anon.with_token("no.such.token").get("/api/data/tasks").await,
        anon.with_header("authorization", "Basic abc").get("/api/data/tasks").await,
        anon.with_header("authorization", "Basic abc").get("/metrics").await,
    ] {
        let answer = answer.expect_error(401, "UNAUTHENTICATED");
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{}", answer.text());
    }
    for path in ["/", "/nowhere", "/api/data/tasks?x=1"] {
        assert!(!anon.get(path).await.headers.contains_key("www-authenticate"), "{path}");
    }
}
