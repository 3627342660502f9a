use ddb_core::Tx;
use hyper::Method;

use crate::site::{NEWEST, Site};

#[tokio::test]
async fn every_answer_names_its_request_and_the_version() {
    let client = Site::start().await.client();
    for path in ["/plain", "/nowhere", "/panic"] {
        let answer = client.get(path).await;
        assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
        assert_eq!(answer.header("x-ddb-version"), "2026-11-22", "{path}");
    }
}

#[tokio::test]
async fn every_answer_names_a_transaction_the_handlers_own_first() {
    let client = Site::start().await.client();
    // Mutants: `finish` without the header; with `insert` instead of `or_insert_with`.
    let Tx(newest) = NEWEST;
    for (path, status) in [("/context", 200), ("/nowhere", 404), ("/plain?x=1", 400), ("/panic", 500), ("/away", 503)] {
        assert_eq!(client.get(path).await.expect(status).header("x-ddb-tx"), newest.to_string(), "{path}");
    }
    let refused = client.with_header("x-ddb-anything", "1").get("/plain").await.expect(400);
    assert_eq!(refused.header("x-ddb-tx"), newest.to_string());
    assert_eq!(client.delete("/plain").await.expect(405).header("x-ddb-tx"), newest.to_string());
    let own = client.get("/plain").await.expect(200);
    assert_eq!((own.header("x-ddb-tx"), own.headers.get_all("x-ddb-tx").iter().count()), ("7", 1));
}

#[tokio::test]
async fn a_record_answer_carries_its_transactions_and_is_not_cached() {
    let answer = Site::start().await.client().get("/plain").await.expect(200);
    assert_eq!((answer.header("x-ddb-tx"), answer.header("etag")), ("7", "\"5\""));
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn a_request_id_is_taken_where_it_has_the_form() {
    let client = Site::start().await.client();
    let answer = client.with_header("x-request-id", "a.B_3-").get("/context").await.expect(200);
    assert_eq!((answer.header("x-request-id"), answer.text().as_str()), ("a.B_3-", "\"a.B_3-\""));
    for bad in ["", "a b", "a\"b", "<script>", &"a".repeat(65)] {
        let answer = client.with_header("x-request-id", bad).get("/context").await.expect(200);
        assert_ne!(answer.header("x-request-id"), bad);
        assert_eq!(answer.header("x-request-id").len(), 32);
    }
}

#[tokio::test]
async fn headers_that_this_version_does_not_know_are_refused() {
    let client = Site::start().await.client();
    for name in ["x-ddb-tx", "X-DDB-Anything", "idempotency-key"] {
        client.with_header(name, "1").get("/plain").await.expect_error(400, "BAD_REQUEST");
    }
    client.with_header("x-other", "1").get("/plain").await.expect(200);
}

#[tokio::test]
async fn a_transaction_that_the_log_does_not_reach_is_503() {
    let client = Site::start().await.client();
    client.with_header("x-ddb-min-tx", &NEWEST.to_string()).get("/plain").await.expect(200);
    let later = client.with_header("x-ddb-min-tx", "4").get("/plain").await.expect_error(503, "UNAVAILABLE");
    assert_eq!(later.header("x-ddb-tx"), NEWEST.to_string());
    client.with_header("x-ddb-min-tx", "four").get("/plain").await.expect_error(400, "BAD_REQUEST");
}

#[tokio::test]
async fn only_the_one_version_and_namespace_are_known() {
    let client = Site::start().await.client();
    client.with_header("x-ddb-version", "2026-11-22").get("/plain").await.expect(200);
    for version in ["2025-01-01", "", "newest"] {
        client.with_header("x-ddb-version", version).get("/plain").await.expect_error(400, "BAD_REQUEST");
    }
    client.with_header("x-ddb-namespace", "main").get("/plain").await.expect(200);
    client.with_header("x-ddb-namespace", "other").get("/plain").await.expect_error(404, "NAMESPACE_NOT_FOUND");
    for name in ["", "ma in", "1", "main;", ">", "*"] {
        client.with_header("x-ddb-namespace", name).get("/plain").await.expect_error(400, "BAD_REQUEST");
    }
    client
        .with_header("x-ddb-namespace", "main")
        .with_header("x-ddb-namespace", "main")
        .get("/plain")
        .await
        .expect_error(400, "BAD_REQUEST");
}

#[tokio::test]
async fn query_parameters_that_the_route_does_not_know_are_refused() {
    let client = Site::start().await.client();
    for path in ["/plain?x=1", "/plain?where=1", "/plain?%zz"] {
        client.get(path).await.expect_error(400, "BAD_REQUEST");
    }
    client.get("/plain?").await.expect(200);
}

#[tokio::test]
async fn if_match_is_one_tag() {
    let client = Site::start().await.client();
    let record = "/records/tasks/1";
    for tag in ["\"42\"", "W/\"42\""] {
        assert_eq!(client.with_header("if-match", tag).send(Method::PATCH, record, None).await.expect(200).text(), "42");
    }
    assert_eq!(client.send(Method::PATCH, record, None).await.expect(200).text(), "0");
    for bad in ["*", "W/42", "w/\"42\"", "W/\"1\", W/\"2\"", "42", "\"1\", \"2\""] {
        client.with_header("if-match", bad).send(Method::PATCH, record, None).await.expect_error(400, "BAD_REQUEST");
    }
    let two = client.with_header("if-match", "\"1\"").with_header("if-match", "\"2\"");
    two.send(Method::PATCH, record, None).await.expect_error(400, "BAD_REQUEST");
}

/// Mutants: each of the conditions in `precondition.rs` without its refusal.
#[tokio::test]
async fn a_precondition_that_the_route_does_not_take_is_refused() {
    let client = Site::start().await.client();
    for (header, value, method, path) in [
        ("if-match", "\"1\"", Method::GET, "/plain"),
        ("if-match", "*", Method::HEAD, "/plain"),
        ("if-match", "nonsense", Method::POST, "/echo"),
        ("if-match", "\"1\"", Method::GET, "/records/tasks/1"),
        ("if-unmodified-since", "Sun, 22 Nov 2026 10:00:00 GMT", Method::GET, "/plain"),
        ("if-unmodified-since", "Sun, 22 Nov 2026 10:00:00 GMT", Method::PATCH, "/records/tasks/1"),
        ("if-none-match", "*", Method::PATCH, "/records/tasks/1"),
        ("if-none-match", "*", Method::POST, "/echo"),
    ] {
        let answer = client.with_header(header, value).send(method.clone(), path, None).await.expect(400);
        assert!(method == Method::HEAD || answer.text().contains(header), "{method} {path}: {}", answer.text());
    }
    client.with_header("if-none-match", "\"1\"").get("/plain").await.expect(200);
    client.with_header("if-match", "\"1\"").get("/nowhere").await.expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn too_many_or_too_long_headers_are_431() {
    let client = Site::start().await.client();
    let many = (0..80).fold(client.clone(), |client, number| client.with_header(&format!("x-{number}"), "1"));
    many.get("/plain").await.expect_error(431, "HEADERS_TOO_LARGE");
    client.with_header("x-long", &"a".repeat(20_000)).get("/plain").await.expect_error(431, "HEADERS_TOO_LARGE");
    // Beyond what hyper parses there is no request; it answers by itself, without the envelope.
    let far_too_many = (0..150).fold(client.clone(), |client, number| client.with_header(&format!("x-{number}"), "1"));
    assert_eq!(far_too_many.get("/plain").await.status, 431);
}
