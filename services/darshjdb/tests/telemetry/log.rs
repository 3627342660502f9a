use ddb_testkit::{Caller, Json, Server, json};

/// Mutant: `NEVER_IN_DETAIL` without `h2` or `hyper`.
#[tokio::test]
async fn no_secret_and_no_value_is_logged_however_much_is_logged() {
    let authority = ddb_testkit::Authority::new();
    let mut server = Server::builder()
        .secure(&authority)
        .argument("--log=trace,h2::codec=trace,hyper::proto=trace,sqlx::query=trace")
        .argument("--slow-query=1ms")
        .variable("DDB_METRICS_TOKEN", "a-token-that-nobody-must-see")
        .start()
        .await;
    let user = server.user().await;
    let secrets = [
        Caller::PASSWORD,
        "a value that nobody must see",
        "a filter that nobody must see",
        "a wrong password that nobody must see",
        "a-token-that-nobody-must-see",
        "a field that nobody must see",
    ];
    let [_, value, filter, password, token, field] = secrets;
    user.with_header("x-request-id", "the-request-in-the-log")
        .post("/api/data/tasks", &json!({ "title": value }))
        .await
        .expect(201);
    let many: Vec<Json> = (0..500).map(|number| json!({ "number": number, "title": value })).collect();
    user.post("/api/data/tasks", &Json::Array(many)).await.expect(201);
    user.get(&format!("/api/data/tasks?where=title%20%3D%20%27{}%27", filter.replace(' ', "%20"))).await.expect(200);
    user.get(&format!("/api/data/tasks?where=title%20%3D%20%3D%27{}%27", filter.replace(' ', "%20"))).await.expect(400);
    user.post("/api/query", &json!({ "tasks": { "$where": { "title": filter } } })).await.expect(200);
    user.post("/api/query", &json!({ "tasks": { "$where": { "title": { "$nonsense": filter } } } })).await.expect(400);
    let wrong = json!({ "email": user.email, "password": password });
    server.anon().post("/api/auth/signin", &wrong).await.expect_error(401, "UNAUTHENTICATED");
    server.anon().post("/api/auth/signup", &json!({ "email": user.email, "password": Caller::PASSWORD })).await;
    server.anon().post("/api/auth/refresh", &json!({ "refresh_token": format!("{}x", user.refresh_token) })).await;
    server.anon().with_token(token).get("/metrics").await.expect(200);
    server.anon().with_token(format!("{token}-not")).get("/metrics").await.expect(401);
    user.send_text(ddb_testkit::Method::POST, "/api/data/tasks", format!("{{\"{field}\": ")).await.expect(400);
    let renewed = server.anon().post("/api/auth/refresh", &json!({ "refresh_token": user.refresh_token })).await.expect(200);
    let renewed = Caller::of(&server.anon(), &renewed.json);

    assert!(server.stop().success());
    let log = server.log();
    assert!(log.lines().count() > 20, "something is logged");
    for line in log.lines() {
        let line: Json = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["timestamp"].is_string() && line["level"].is_string() && line["target"].is_string(), "{line}");
    }
    assert!(log.contains("the-request-in-the-log"), "a line names the request");
    assert!(log.contains("slow query") && log.contains("slow write"), "what is slow is logged");
    server.assert_not_logged(&secrets);
    let tokens = [user.token(), renewed.token()].map(|token| token.expect("signed in").to_owned());
    server.assert_not_logged(&[&tokens[0], &tokens[1], &user.refresh_token, &renewed.refresh_token, &user.email]);
}
