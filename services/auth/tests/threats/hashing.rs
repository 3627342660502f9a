//! THREATS 27: passwords are expensive, and that must not be a way to bring the server down.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ddb_auth::Config;
use ddb_testkit::json;

use crate::harness::{Server, run, unique};

const SMALL: u64 = 512 << 20;

/// The memory that this process has now, in MB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("a line");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).expect("a number") / 1024
}

/// Mutants: `at_once` gives 500; there is no queue.
#[test]
fn five_hundred_sign_ins_at_once_on_a_small_machine_are_bounded() {
    run(async {
        let server = Server::start(Config { sign_ups_per_hour: 0, ..Config::default() }, SMALL).await;
        let before = resident();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..500_u32 {
            // From as many networks, so that no other limit stands before the queue.
            let client = server.anon().at(&format!("10.0.{}.{}", number / 250, number % 250));
            let body = json!({ "email": format!("{}@x", unique()), "password": "wrong password" });
            tasks.spawn(async move { client.post("/api/auth/signin", &body).await });
        }
        let watch = tokio::spawn(async {
            loop {
                MOST.fetch_max(resident(), Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let begin = tokio::time::Instant::now();
        let (mut checked, mut refused) = (0, 0);
        let mut first_refusal = None;
        while let Some(answer) = tasks.join_next().await {
            let answer = answer.expect("no panic");
            match answer.status {
                401 => checked += 1,
                429 => {
                    assert_eq!(answer.header("retry-after"), "5");
                    first_refusal.get_or_insert(begin.elapsed());
                    refused += 1;
                }
                other => panic!("{other}: {}", answer.text()),
            }
        }
        watch.abort();
        assert_eq!(checked + refused, 500);
        // One that runs and 32 that wait, and whoever came while those were done.
        assert!((33..=60).contains(&checked), "{checked} checked");
        assert!(first_refusal.is_some_and(|time| time < Duration::from_secs(2)), "{first_refusal:?}");
        // Other tests of this program hash too, so the bound here is loose: 500 hashes would take 32 GB.
        let grown = MOST.load(Ordering::Relaxed).saturating_sub(before);
        assert!(grown < 600, "{grown} MB");
        server.anon().get("/.well-known/jwks.json").await.expect(200);
    });
}

static MOST: AtomicU64 = AtomicU64::new(0);

/// A password that is too long is refused before it takes a place in the queue: more come at once than there are places, and none is sent away.
/// Mutant: the length is checked after the place is taken.
#[test]
fn a_password_that_is_too_long_costs_no_hash() {
    run(async {
        let server = Server::start(Config { sign_ups_per_hour: 0, ..Config::default() }, SMALL).await;
        let huge = json!({ "email": "a@x", "password": "a".repeat(1 << 20) });
        for route in ["/api/auth/signin", "/api/auth/signup"] {
            let answer = server.anon().at("10.3.1.1").post(route, &huge).await;
            assert_eq!(answer.status, 413, "a megabyte is not even read: {route}");
        }
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..100 {
            let client = server.anon().at(&format!("10.3.0.{number}"));
            let route = if number % 2 == 0 { "/api/auth/signin" } else { "/api/auth/signup" };
            let body = json!({ "email": "a@x", "password": "a".repeat(if number == 0 { 1 << 15 } else { 1025 }) });
            tasks.spawn(async move { client.post(route, &body).await });
        }
        for answer in tasks.join_all().await {
            answer.expect_field("password");
        }
    });
}
