use ddb_testkit::{Json, Server, json};

/// The server has ended, so that its log is whole.
fn lines(server: &Server, message: &str) -> Vec<Json> {
    let log = server.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    lines.filter(|line| line["message"] == message).collect()
}

/// Mutant: `masked` is left out.
#[tokio::test]
async fn what_takes_long_is_logged_as_it_was_asked_and_without_values() {
    let mut server = Server::builder().argument("--slow-query=1ms").start().await;
    let user = server.user().await;
    let body = "x".repeat(2_000);
    let records: Vec<Json> = (0..500).map(|number| json!({ "number": number, "secret": "a value", "body": body })).collect();
    let bulk = user.with_header("x-request-id", "the-slow-write");
    bulk.post("/api/data/tasks", &Json::Array(records)).await.expect(201);
    let asked = user.with_header("x-request-id", "the-slow-list");
    let query = "/api/data/tasks?where=secret%20%3D%20%27a%20value%27%20AND%20number%20%3E%207&order=-number&limit=3";
    asked.get(query).await.expect(200);
    assert!(server.stop().success());

    let slow = lines(&server, "slow query").into_iter().find(|line| line["request_id"] == "the-slow-list").expect("it is logged");
    assert_eq!(slow["filter"], "secret = ? AND number > ?");
    assert_eq!((&slow["order"], &slow["limit"], &slow["table"]), (&json!("-number"), &json!(3), &json!("tasks")));
    assert_eq!((&slow["plan"], &slow["scanned"], &slow["found"]), (&json!("sort"), &json!(492), &json!(3)));
    assert!(slow["took_ms"].as_u64().expect("a number") >= 1, "{slow}");
    let slow =
        lines(&server, "slow write").into_iter().find(|line| line["request_id"] == "the-slow-write").expect("it is logged");
    assert_eq!((&slow["tables"], &slow["records"]), (&json!("tasks"), &json!(500)));
    server.assert_not_logged(&["a value", &body]);
}

#[tokio::test]
async fn what_does_not_take_long_is_not_logged_nor_is_anything_where_nothing_is_to_be() {
    for setting in ["60s", "0"] {
        let mut server = Server::builder().argument(format!("--slow-query={setting}")).start().await;
        let user = server.user().await;
        for number in 0..20 {
            user.post("/api/data/tasks", &json!({ "number": number })).await.expect(201);
        }
        user.get("/api/data/tasks?where=number%20%3E%203").await.expect(200);
        assert!(server.stop().success());
        assert!(lines(&server, "slow query").is_empty() && lines(&server, "slow write").is_empty(), "{setting}");
    }
}
