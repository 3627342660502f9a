//! Headers and query parameters.

use ddb_testkit::{Client, Method, json};

use super::quiet::{Quiet, WRITES};

#[tokio::test]
async fn headers_and_parameters_that_are_not_known_are_400() {
    let quiet = Quiet::enter().await;
    let user = &quiet.cast.user;
    let clients: Vec<(Client, u16, &str, String)> = [
        ("x-ddb-min-tx", "one", 400, "BAD_REQUEST"),
        ("x-ddb-tx", "1", 400, "BAD_REQUEST"),
        ("x-ddb-role", "admin", 400, "BAD_REQUEST"),
        ("X-DDB-Admin", "true", 400, "BAD_REQUEST"),
        ("idempotency-key", "a b", 400, "BAD_REQUEST"),
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

/// Mutant: `Routes::with` without the layer of `precondition.rs`.
#[tokio::test]
async fn a_precondition_that_the_route_does_not_take_is_400() {
    let quiet = Quiet::enter().await;
    let table = format!("/api/data/{}", quiet.table);
    for value in ["\"1\"", "*", "\"99999999\"", "x"] {
        let client = quiet.cast.user.with_header("if-match", value);
        for (method, path, body) in [
            (Method::POST, &table, "{\"b\":1}"),
            (Method::POST, &table, "{\"id\":\"known\"}"),
            (Method::POST, &table, "[{}]"),
            (Method::GET, &table, ""),
            (Method::GET, &quiet.path, ""),
            (Method::POST, &"/api/auth/signup".to_owned(), "{\"email\":\"new@example.com\",\"password\":\"correct horse 42\"}"),
            (Method::PATCH, &"/api/auth/me".to_owned(), "{\"name\":\"x\"}"),
            (Method::DELETE, &"/api/auth/sessions".to_owned(), ""),
            (Method::GET, &"/health".to_owned(), ""),
        ] {
            let answer = client.send_text(method.clone(), path, body).await;
            let refused = quiet.refused(answer, 400, "BAD_REQUEST", &format!("{method} {path}")).await;
            assert!(refused.text().contains("if-match"), "{}", refused.text());
        }
    }
    for (header, value) in [("if-none-match", "*"), ("if-unmodified-since", "Sun, 22 Nov 2026 10:00:00 GMT")] {
        let client = quiet.cast.user.with_header(header, value);
        for method in WRITES {
            // PUT takes it, and finds the key taken.
            let is_taken = method == Method::PUT && header == "if-none-match";
            let (status, code) = if is_taken { (409, "CONFLICT") } else { (400, "BAD_REQUEST") };
            let answer = client.send_text(method.clone(), &quiet.path(&method), "{\"b\":1}").await;
            quiet.refused(answer, status, code, &format!("{method} with {header}")).await;
        }
    }
    quiet.leave().await;
}

#[tokio::test]
async fn every_answer_names_a_transaction_that_is_committed() {
    let quiet = Quiet::enter().await;
    let (user, anon) = (&quiet.cast.user, &quiet.cast.anon);
    let head = quiet.cast.head().await.to_string();
    for (answer, what) in [
        (user.get("/nowhere").await.expect(404), "no route"),
        (user.get(&format!("{}x", quiet.path)).await.expect(404), "no record"),
        (user.send_text(Method::PATCH, &quiet.path, "{").await.expect(400), "no JSON"),
        (user.with_header("x-ddb-role", "admin").get(&quiet.path).await.expect(400), "an unknown header"),
        (anon.post(&format!("/api/data/{}", quiet.table), &json!({})).await.expect(401), "nobody"),
        (anon.post("/api/auth/signin", &json!({ "email": "a@example.com", "password": "b" })).await.expect(401), "no account"),
        (user.get("/api/auth/me").await.expect(200), "the caller"),
        (user.get("/api/auth/sessions").await.expect(200), "the caller's devices"),
        (anon.get("/.well-known/jwks.json").await.expect(200), "the public keys"),
        (anon.get("/health").await.expect(200), "the probe"),
    ] {
        assert_eq!(answer.header("x-ddb-tx"), head, "{what}");
    }
    // A write names its own, and all that is answered after it includes it.
    let written = user.patch(&quiet.path, &json!({ "b": 1 })).await.expect(200);
    assert_eq!(written.header("x-ddb-tx"), written.tx().to_string());
    assert!(written.tx().to_string() != head);
    assert_eq!(anon.get("/nowhere").await.header("x-ddb-tx"), written.tx().to_string());
    quiet.accepted().await.leave().await;
}
