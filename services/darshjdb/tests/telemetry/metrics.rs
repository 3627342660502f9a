use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use ddb_testkit::{Client, Database, Proxy, Server, json};

const TOKEN: &str = "a-token-for-prometheus";

/// Name by name, kind and meaning.
fn described(page: &str) -> BTreeMap<String, (String, String)> {
    let mut all: BTreeMap<String, (String, String)> = BTreeMap::new();
    for line in page.lines() {
        let Some((what, rest)) = line.strip_prefix("# ").and_then(|line| line.split_once(' ')) else { continue };
        let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
        let metric = all.entry(name.to_owned()).or_default();
        match what {
            "TYPE" => text.clone_into(&mut metric.0),
            "HELP" => text.clone_into(&mut metric.1),
            _ => panic!("{line}"),
        }
    }
    all
}

/// The sum of the samples of one name whose labels are these.
fn value(page: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let mut sum = 0.0;
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (sample, number) = line.rsplit_once(' ').expect("a sample has a number");
        let (of, rest) = sample.split_once('{').unwrap_or((sample, ""));
        if of == name && labels.iter().all(|(label, value)| rest.contains(&format!("{label}=\"{value}\""))) {
            sum += number.parse::<f64>().expect("a number");
        }
    }
    sum
}

async fn page(client: &Client) -> String {
    client.get("/metrics").await.expect(200).text()
}

/// What must have happened that every metric has a value.
async fn use_everything(server: &Server) {
    let user = server.user().await;
    for number in 0..10 {
        user.post("/api/data/tasks", &json!({ "number": number })).await.expect(201);
    }
    let one = user.post("/api/data/tasks", &json!({ "id": "one", "number": 10 })).await.expect(201);
    assert_eq!(one.path(), "/api/data/tasks/one");
    user.post("/api/data/tasks", &json!({ "id": "one" })).await.expect_error(409, "CONFLICT");
    user.get("/api/data/tasks/one").await.expect(200);
    user.get("/api/data/tasks?limit=5").await.expect(200);
    user.get("/api/data/tasks?limit=5").await.expect(200);
    user.get("/api/data/tasks?limit=5").await.expect(200);
    user.get("/api/data/tasks?where=number%20%3E%202&order=number").await.expect(200);
    user.get("/api/data/tasks?count=exact&limit=1").await.expect(200);
}

/// The page, once PostgreSQL's statistics know what was written: its backends tell them after 10 s of idling at the latest.
async fn page_with_growth(client: &Client) -> String {
    let end = Instant::now() + Duration::from_secs(40);
    loop {
        let page = page(client).await;
        if value(&page, "ddb_record_size_bytes", &[]) > 0.0 && value(&page, "ddb_disk_full_in_days", &[]) > 0.0 {
            return page;
        }
        assert!(Instant::now() < end, "{page}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Mutants: a metric that the README does not name; one that it names and that is not there.
#[tokio::test]
async fn the_metrics_are_those_that_are_documented() {
    let server = Server::builder().variable("DDB_METRICS_TOKEN", TOKEN).start().await;
    use_everything(&server).await;
    let page = page_with_growth(&server.anon().with_token(TOKEN)).await;
    let mut table = String::from("| metric | kind | |\n|---|---|---|\n");
    for (name, (kind, meaning)) in described(&page) {
        table.push_str(&format!("| `{name}` | {kind} | {meaning} |\n"));
    }
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../libs/runtime/README.md");
    let readme = std::fs::read_to_string(readme).expect("the README is there");
    assert!(readme.contains(&table), "libs/runtime/README.md must have this table:\n{table}");
}

#[tokio::test]
async fn the_metrics_tell_what_happened() {
    let server = Server::builder().variable("DDB_METRICS_TOKEN", TOKEN).start().await;
    let prometheus = server.anon().with_token(TOKEN);
    let before = page(&prometheus).await;
    use_everything(&server).await;
    let after = page(&prometheus).await;
    let rose = |name: &str, labels: &[(&str, &str)]| value(&after, name, labels) - value(&before, name, labels);
    let of =
        |method, route, status| [("http_request_method", method), ("http_route", route), ("http_response_status_code", status)];
    let requests = "http_server_request_duration_seconds_count";
    for (method, route, status, number) in [
        ("POST", "/api/data/{table}", "201", 11.0),
        ("POST", "/api/data/{table}", "409", 1.0),
        ("GET", "/api/data/{table}", "200", 5.0),
        ("GET", "/api/data/{table}/{key}", "200", 1.0),
        ("GET", "/metrics", "200", 1.0),
    ] {
        assert_eq!(rose(requests, &of(method, route, status)), number, "{method} {route} {status}");
    }
    assert_eq!(value(&after, "http_server_active_requests", &[]), 1.0, "the one that asks");
    assert!(value(&after, "ddb_http_connections", &[]) >= 1.0);
    // Eleven records and a sign-up; the last record's key was taken.
    assert_eq!(rose("ddb_transactor_writes_total", &[("outcome", "committed")]), 12.0);
    assert_eq!(rose("ddb_transactor_writes_total", &[("outcome", "refused")]), 1.0);
    assert_eq!(rose("ddb_transactor_group_size_count", &[]), 13.0, "one at a time");
    assert_eq!(value(&after, "ddb_transactor_queue_length", &[]), 0.0);
    assert!(rose("ddb_transactor_facts_total", &[]) >= 22.0);
    // The group that makes the table takes the lock more than once.
    assert!(rose("ddb_transactor_lock_wait_seconds_count", &[]) >= 13.0);
    assert!(rose("ddb_transactor_lock_held_seconds_count", &[]) >= 13.0);
    assert_eq!(rose("ddb_reader_batch_size_count", &[]), 1.0);
    // Asked once, read and kept, given again; the others were asked once each.
    assert_eq!(rose("ddb_answer_cache_requests_total", &[("outcome", "hit")]), 1.0);
    assert_eq!(rose("ddb_answer_cache_requests_total", &[("outcome", "miss")]), 4.0);
    let queries = |plan| rose("ddb_query_duration_seconds_count", &[("plan", plan)]);
    assert_eq!((queries("sort"), queries("count")), (1.0, 1.0));
    assert_eq!(queries("index") + queries("scan"), 3.0);
    assert_eq!(rose("ddb_query_scanned_total", &[("plan", "sort")]), 8.0, "those with a number above 2");
    assert_eq!(value(&after, "ddb_postgresql_up", &[]), 1.0);
    let later = page_with_growth(&prometheus).await;
    assert!(value(&later, "ddb_postgresql_commits_total", &[]) > value(&before, "ddb_postgresql_commits_total", &[]));
    assert!(value(&later, "ddb_database_size_bytes", &[]) > 1e6);
    assert!((1e6..1e15).contains(&value(&later, "ddb_disk_free_bytes", &[])));
    assert!((11.0..100.0).contains(&value(&later, "ddb_records", &[])));
    assert!((1e6..1e10).contains(&value(&after, "process_memory_usage_bytes", &[])));
    assert!(after.contains("service_version="), "{after}");
    // Who counts by what a client makes up can be made to count without end.
    for name in ["/nowhere", "/api/data/tasks/one"] {
        assert!(!after.contains(name), "{name}");
    }
}

/// Also where it is not the outermost layer that refuses. Mutant: only the refusals of that one are counted.
#[tokio::test]
async fn attempts_that_are_refused_are_counted() {
    let server = Server::builder().variable("DDB_METRICS_TOKEN", TOKEN).start().await;
    let user = server.user().await;
    let wrong = json!({ "email": user.email, "password": "a wrong password" });
    let mut refused = 0.0;
    for _ in 0..15 {
        if server.anon().post("/api/auth/signin", &wrong).await.status == 429 {
            refused += 1.0;
        }
    }
    let page = page(&server.anon().with_token(TOKEN)).await;
    assert!(refused > 0.0);
    assert_eq!(value(&page, "ddb_http_rate_limited_total", &[("class", "auth")]), refused);
}

/// Mutants: `MetricsPage::check` lets any account through; takes a token that begins like the right one.
#[tokio::test]
async fn metrics_are_for_root_and_for_who_has_the_token() {
    let server = Server::builder().variable("DDB_METRICS_TOKEN", TOKEN).start().await;
    let (anon, user, root) = (server.anon(), server.user().await, server.admin().await);
    anon.get("/metrics").await.expect_error(401, "UNAUTHENTICATED");
    for wrong in ["a-token-for-prometheu", "a-token-for-prometheus-", "A-TOKEN-FOR-PROMETHEUS"] {
        anon.with_token(wrong).get("/metrics").await.expect_error(401, "UNAUTHENTICATED");
    }
    user.get("/metrics").await.expect_error(403, "PERMISSION_DENIED");
    let answer = root.get("/metrics").await.expect(200);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "private, no-store");
    anon.with_token(TOKEN).get("/metrics").await.expect(200);
    // It opens nothing else.
    anon.with_token(TOKEN).get("/api/auth/me").await.expect_error(401, "UNAUTHENTICATED");
    server.assert_not_logged(&[TOKEN]);
    let without = Server::start().await;
    without.anon().with_token(TOKEN).get("/metrics").await.expect_error(401, "UNAUTHENTICATED");
}

/// Mutant: `is_up` is whether somebody asked.
#[tokio::test]
async fn metrics_tell_that_postgresql_is_away() {
    let database = Database::new().await;
    let proxy = Proxy::start(&database).await;
    let server = Server::builder().over(&proxy.database()).variable("DDB_METRICS_TOKEN", TOKEN).start().await;
    let prometheus = server.anon().with_token(TOKEN);
    assert_eq!(value(&page(&prometheus).await, "ddb_postgresql_up", &[]), 1.0);
    proxy.hang();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let asked = Instant::now();
    let away = page(&prometheus).await;
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert_eq!(value(&away, "ddb_postgresql_up", &[]), 0.0);
    assert!(!away.contains("ddb_postgresql_commits"), "what is not known is not there");
    assert!(away.contains("process_uptime_seconds"));
    proxy.resume();
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(value(&page(&prometheus).await, "ddb_postgresql_up", &[]), 1.0);
}
