use hyper::Method;

use crate::site::Site;

#[tokio::test]
async fn an_unknown_route_is_404() {
    let client = Site::start().await.client();
    for path in ["/", "/nowhere", "/plain/", "//plain", "/PLAIN", "/%70lain", "/records/a"] {
        client.get(path).await.expect_error(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_and_names_the_right_ones() {
    let client = Site::start().await.client();
    let answer = client.delete("/plain").await.expect_error(405, "METHOD_NOT_ALLOWED");
    assert_eq!(answer.header("allow"), "GET,HEAD");
    let answer =
        client.send(Method::from_bytes(b"BREW").expect("a method"), "/echo", None).await.expect_error(405, "METHOD_NOT_ALLOWED");
    assert_eq!(answer.header("allow"), "POST");
}

#[tokio::test]
async fn a_method_cannot_be_overridden() {
    let client = Site::start().await.client().with_header("x-http-method-override", "POST");
    client.get("/echo").await.expect_error(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let client = Site::start().await.client();
    let answer = client.send(Method::HEAD, "/plain", None).await.expect(200);
    assert_eq!((answer.header("content-length"), answer.body.len()), ("11", 0));
    let answer = client.send(Method::HEAD, "/nowhere", None).await.expect(404);
    assert_eq!(answer.body.len(), 0);
}

#[tokio::test]
async fn a_panic_is_an_opaque_500_and_the_server_goes_on() {
    let client = Site::start().await.client();
    for _ in 0..3 {
        let answer = client.get("/panic").await.expect_error(500, "INTERNAL");
        assert!(!answer.text().contains("secret"), "{}", answer.text());
    }
    client.get("/plain").await.expect(200);
}

#[tokio::test]
async fn the_cause_of_a_500_is_not_told() {
    let answer = Site::start().await.client().get("/internal").await.expect_error(500, "INTERNAL");
    assert!(!answer.text().contains("secret"), "{}", answer.text());
}

#[tokio::test]
async fn an_error_in_a_query_says_where_it_is() {
    let answer = Site::start().await.client().get("/query").await.expect_error(400, "INVALID_QUERY");
    let error = &answer.json["error"];
    assert_eq!((&error["line"], &error["column"], &error["excerpt"]), (&2.into(), &7.into(), &"a = \"x\"".into()));
}

#[tokio::test]
async fn retry_after_is_rounded_up() {
    let answer = Site::start().await.client().get("/away").await.expect_error(503, "UNAVAILABLE");
    assert_eq!(answer.header("retry-after"), "2");
}

#[tokio::test]
async fn a_path_that_is_not_percent_encoded_utf8_is_400() {
    let client = Site::start().await.client();
    for path in ["/records/tasks/%ff", "/records/tasks/%c3%28", "/records/tasks/%zz", "/records/tasks/%4", "/records/%ff/1"] {
        client.get(path).await.expect_error(400, "BAD_REQUEST");
    }
    let answer = client.get("/records/tasks/a%2Fb%2541").await.expect(200);
    assert!(answer.text().contains("a/b%41"), "decoded once: {}", answer.text());
    for path in ["/records/ta-sks/1", "/records/1a/1", "/records/a%3Bdrop%20table/1", "/records/a%00/1"] {
        client.get(path).await.expect_error(400, "BAD_REQUEST");
    }
}
