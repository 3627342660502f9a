use std::time::{Duration, Instant};

use ddb_testkit::{Caller, Server, json};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use crate::collector::{Collector, Mood, text};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn named(collector: &Collector, name: &str) -> Option<Span> {
    collector.spans().into_iter().find(|(_, span)| span.name == name).map(|(_, span)| span)
}

/// Mutants: `trace::begin` without the parent; `NEVER_IN_DETAIL` without the target of traces (the log then shows them); a field of the record in the span.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_a_span_of_each_request_in_its_trace_and_nothing_that_the_request_holds() {
    let collector = Collector::start(Mood::Takes).await;
    let server = Server::builder()
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url())
        .variable("OTEL_BSP_SCHEDULE_DELAY", "100")
        .variable("OTEL_METRIC_EXPORT_INTERVAL", "300")
        .argument("--trusted-proxies=127.0.0.1")
        .start()
        .await;
    let user = server.user().await;
    let traced = user
        .with_header("traceparent", &format!("00-{TRACE}-{PARENT}-01"))
        .with_header("x-request-id", "the-request-that-is-traced");
    let body = json!({ "title": "a value that nobody must see" });
    traced.post("/api/data/tasks", &body).await.expect(201);
    user.get("/api/data/tasks?where=title%20%3D%20%27a%20filter%20that%20nobody%20must%20see%27").await.expect(200);
    user.get("/api/data/tasks/a-key-that-nobody-must-see").await.expect_error(404, "NOT_FOUND");

    let span = collector.wait_for("the span", |collector| named(collector, "POST /api/data/{table}")).await;
    assert_eq!((hex(&span.trace_id), hex(&span.parent_span_id)), (TRACE.to_owned(), PARENT.to_owned()));
    assert_eq!(text(&span.attributes, "ddb.request_id"), "the-request-that-is-traced");
    assert_eq!(text(&span.attributes, "http.request.method"), "POST");
    assert_eq!(text(&span.attributes, "http.route"), "/api/data/{table}");
    assert_eq!(text(&span.attributes, "http.response.status_code"), "201");
    // Server.
    assert_eq!(span.kind, 2);
    let is_within = |child: &Span| child.parent_span_id == span.span_id && child.trace_id == span.trace_id;
    let write = |collector: &Collector| {
        collector.spans().into_iter().map(|(_, child)| child).find(|child| child.name == "write" && is_within(child))
    };
    let write = collector.wait_for("the span of the write", write).await;
    assert!(span.start_time_unix_nano <= write.start_time_unix_nano && write.end_time_unix_nano <= span.end_time_unix_nano);
    let list = collector.wait_for("the span of the list", |collector| named(collector, "GET /api/data/{table}")).await;
    let reads = |collector: &Collector| {
        collector
            .spans()
            .into_iter()
            .map(|(_, child)| child)
            .find(|child| child.name == "query" && child.parent_span_id == list.span_id)
    };
    let read = collector.wait_for("the span of the query", reads).await;
    assert_eq!(text(&read.attributes, "ddb.plan"), "scan");
    let missing =
        collector.wait_for("the span of the refusal", |collector| named(collector, "GET /api/data/{table}/{key}")).await;
    assert_eq!(text(&missing.attributes, "http.response.status_code"), "404");
    assert_ne!(
        missing.status.unwrap_or_default().code,
        StatusCode::Error as i32,
        "who asks for what is not there is no fault of the server"
    );
    assert!(collector.spans().iter().all(|(service, _)| service == "ddb"));

    let of_writes = |collector: &Collector| collector.metrics().into_iter().find(|name| name == "ddb.transactor.writes");
    collector.wait_for("a metric", of_writes).await;
    let up = |collector: &Collector| collector.metrics().into_iter().find(|name| name == "ddb.postgresql.commits");
    collector.wait_for("what PostgreSQL tells", up).await;

    let bytes = collector.bytes();
    let token = user.client.token().expect("signed in").to_owned();
    for secret in ["nobody must see", "nobody-must-see", &user.email, Caller::PASSWORD, &user.refresh_token, &token] {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "the collector got a secret of {} bytes", secret.len());
    }
    assert!(!server.log().contains("otel."), "the log shows spans that are for the collector");
}

/// Mutants: `live` without `finish`; `of_trace` is always true; the method is recorded as it came.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_measured_last_is_sent_before_the_process_ends_and_who_is_no_proxy_begins_a_trace() {
    let collector = Collector::start(Mood::Takes).await;
    let mut server = Server::builder().argument("--otlp-endpoint").argument(collector.url()).start().await;
    let anon = server.anon().with_header("traceparent", &format!("00-{TRACE}-{PARENT}-01"));
    anon.get("/health").await.expect(200);
    let method = ddb_testkit::Method::from_bytes("LONG".repeat(1_000).as_bytes()).expect("a method");
    anon.send(method, "/health", None).await.expect(405);
    assert!(server.stop().success());
    let span = named(&collector, "GET /health").expect("the span was sent");
    assert!(hex(&span.trace_id) != TRACE && span.parent_span_id.is_empty());
    assert!(!collector.bytes().windows(8).any(|window| window == b"LONGLONG"));
    assert!(collector.metrics().iter().any(|name| name == "http.server.request.duration"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_refuses_is_told_once() {
    let collector = Collector::start(Mood::Refuses).await;
    let mut server = Server::builder()
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url())
        .variable("OTEL_BSP_SCHEDULE_DELAY", "50")
        .variable("OTEL_METRIC_EXPORT_INTERVAL", "100")
        .start()
        .await;
    let told = |server: &Server| {
        server.log().matches("the OpenTelemetry collector does not accept data: it answers with status 503").count()
    };
    let end = Instant::now() + Duration::from_secs(20);
    while told(&server) < 2 {
        server.anon().get("/health").await.expect(200);
        assert!(Instant::now() < end, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(told(&server), 2, "once for metrics and once for traces");
    collector.answers(Mood::Takes);
    while !server.log().contains("accepts data again") {
        server.anon().get("/health").await.expect(200);
        assert!(Instant::now() < end, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(server.stop().success());
}

/// Mutant: `finish` without its limit of time.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_holds_up_neither_requests_nor_the_end() {
    let collector = Collector::start(Mood::IsSilent).await;
    let mut server = Server::builder()
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url())
        .variable("OTEL_BSP_SCHEDULE_DELAY", "50")
        .variable("OTEL_METRIC_EXPORT_INTERVAL", "100")
        .start()
        .await;
    for _ in 0..50 {
        server.anon().get("/health").await.expect(200);
    }
    let stopped = Instant::now();
    assert!(server.stop().success());
    // 5 s for what is left, and a loaded machine's time for the rest.
    assert!(stopped.elapsed() < Duration::from_secs(12), "{:?}", stopped.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_wrong_are_named_and_never_quoted() {
    let directory = ddb_testkit::Directory::new();
    for (variables, message) in [
        (vec![("DDB_OTLP_ENDPOINT", "grpc://secret@host")], "`otlp_endpoint` must begin with http:// or https://"),
        (vec![("DDB_OTLP_ENDPOINT", "http://user:secret@host")], "`otlp_endpoint` must not hold a user"),
        (vec![("DDB_OTLP_ENDPOINT", "http://localhost:99999")], "`otlp_endpoint` names a port that is none"),
        (vec![("DDB_OTLP_ENDPOINT", "http://localhost:4318/?secret")], "`otlp_endpoint` must not hold a query"),
        (
            vec![("DDB_OTLP_ENDPOINT", "http://localhost:4318/v1/traces")],
            "`otlp_endpoint` must be the base of the collector's URLs",
        ),
        (vec![("DDB_LOG", "wran")], "the variable DDB_LOG is `wran`, but must be a level"),
        (
            vec![("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
            "this version does not know the value of the variable OTEL_EXPORTER_OTLP_PROTOCOL; only `http/protobuf` is",
        ),
        (
            vec![
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"),
                ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://secret"),
            ],
            "this version does not know the value of the variable OTEL_EXPORTER_OTLP_TRACES_ENDPOINT; DDB_OTLP_ENDPOINT is for both",
        ),
        (vec![("DDB_METRICS_TOKEN", "secret")], "the variable DDB_METRICS_TOKEN must be 16 to 1000 visible ASCII characters"),
        (vec![("DDB_SLOW_QUERY", "5")], "the variable DDB_SLOW_QUERY is `5`, but must be a time such as 500ms, 2s or 1m"),
    ] {
        let mut command = ddb_testkit::command("ddb");
        command.arg("start").arg("--data-dir").arg(directory.path().join("data")).envs(variables).current_dir(directory.path());
        let output = command.output().expect("ddb can be run");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && stderr.contains(message) && !stderr.contains("secret"), "{message}: {stderr}");
        assert!(!directory.path().join("data").exists());
    }
}
