use ddb_http::CorsOrigins;
use ddb_testkit::{Answer, Authority, Client, Directory, Method};

use crate::site::Site;

const ORIGIN: &str = "https://app.example.com";

async fn site(origins: &str) -> Client {
    let origins = CorsOrigins::parse(origins).expect("origins");
    Site::with(None, |app| app.with_cors(origins)).await.client()
}

async fn preflight(client: &Client, origin: &str) -> Answer {
    let client = client.with_header("origin", origin).with_header("access-control-request-method", "PATCH");
    client.with_header("access-control-request-headers", "authorization,if-match").send(Method::OPTIONS, "/plain", None).await
}

fn cors_headers(answer: &Answer) -> Vec<&str> {
    answer.headers.keys().map(|name| name.as_str()).filter(|name| name.starts_with("access-control-")).collect()
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_ask_and_read() {
    let client = site(&format!("http://localhost:3000, {ORIGIN}")).await;
    for origin in [ORIGIN, "http://localhost:3000"] {
        let before = preflight(&client, origin).await.expect(204);
        assert_eq!(before.header("access-control-allow-origin"), origin);
        assert_eq!(before.header("access-control-max-age"), "7200");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            assert!(before.header("access-control-allow-methods").split(", ").any(|known| known == method), "{method}");
        }
        let asked = before.header("access-control-allow-headers").to_ascii_lowercase();
        for name in [
            "authorization",
            "content-type",
            "if-match",
            "idempotency-key",
            "x-request-id",
            "x-ddb-namespace",
            "x-ddb-version",
            "x-ddb-min-tx",
        ] {
            assert!(asked.split(", ").any(|known| known == name), "{name}");
        }
        assert_eq!(before.header("x-request-id").len(), 32);
        // Also what went wrong can be read.
        for (path, status) in [("/plain", 200), ("/nowhere", 404), ("/panic", 500), ("/plain?x=1", 400)] {
            let answer = client.with_header("origin", origin).get(path).await.expect(status);
            assert_eq!(answer.header("access-control-allow-origin"), origin, "{path}");
            assert!(answer.header("access-control-expose-headers").contains("ETag"), "{path}");
            assert_eq!(answer.header("vary"), "Origin", "{path}");
            assert!(!answer.headers.contains_key("access-control-allow-credentials"), "{path}");
        }
    }
}

/// Mutants: the origin reflected without looking; `starts_with` instead of equality; `null` let through.
#[tokio::test]
async fn a_page_of_another_origin_is_told_nothing() {
    for (origins, refused) in [
        (
            ORIGIN,
            &[
                "https://app.example.com.evil.example",
                "http://app.example.com",
                "https://app.example.com:8443",
                "null",
                "",
                "https://evil.example",
                "https://APP.example.com",
                "*",
            ][..],
        ),
        ("*", &["null"]),
    ] {
        let client = site(origins).await;
        for origin in refused {
            let answer = client.with_header("origin", origin).get("/plain").await.expect(200);
            assert_eq!(cors_headers(&answer), [""; 0], "{origins}: {origin}");
            assert_eq!(answer.header("vary"), "Origin", "{origin}");
            let before = preflight(&client, origin).await.expect(405);
            assert_eq!(cors_headers(&before), [""; 0], "{origins}: {origin}");
        }
        let twice = client.with_header("origin", ORIGIN).with_header("origin", "https://evil.example").get("/plain").await;
        assert_eq!(cors_headers(&twice), [""; 0]);
    }
}

#[tokio::test]
async fn every_page_may_read_where_all_origins_are_allowed_but_without_credentials() {
    let client = site("*").await;
    for answer in
        [preflight(&client, "https://any.example").await, client.with_header("origin", "https://any.example").get("/plain").await]
    {
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(!answer.headers.contains_key("access-control-allow-credentials"));
    }
}

#[tokio::test]
async fn no_other_origin_is_allowed_by_default() {
    let client = Site::start().await.client();
    let answer = client.with_header("origin", ORIGIN).get("/plain").await.expect(200);
    assert_eq!((cors_headers(&answer).len(), answer.header("vary")), (0, ""));
    preflight(&client, ORIGIN).await.expect_error(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn every_answer_tells_browsers_what_it_is_not() {
    let client = Site::start().await.client();
    for path in ["/plain", "/nowhere", "/panic", "/plain?x=1"] {
        let answer = client.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'", "{path}");
        assert!(!answer.headers.contains_key("strict-transport-security"), "{path}");
    }
    // A page says itself what it needs.
    let page = client.get("/api/docs").await.expect(200);
    let policies: Vec<_> = page.headers.get_all("content-security-policy").iter().collect();
    assert!(policies.len() == 1 && page.header("content-security-policy").contains("script-src"), "{policies:?}");
}

#[tokio::test]
async fn browsers_are_told_to_come_back_over_tls() {
    let (authority, folder) = (Authority::new(), Directory::new());
    let (certificate, key) = authority.issue_into(folder.path());
    let tls = ddb_http::Tls::load(ddb_http::TlsFiles { certificate, key }).expect("a certificate and its key");
    let site = Site::with(Some(tls), |app| app.with_strict_transport(3600)).await;
    for protocols in [&["h2"][..], &["http/1.1"]] {
        let answer = site.client().over_tls(&authority, protocols).get("/nowhere").await.expect(404);
        assert_eq!(answer.header("strict-transport-security"), "max-age=3600");
    }
}
