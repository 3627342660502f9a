//! Requests that are written together do not touch each other.
//!
//! Mutant (libs/store), tried:
//! - `transactor/group.rs`, `evaluate`: effects are applied step by step, before the whole write is known to succeed.

use std::time::Duration;

use ddb_testkit::{Database, Server, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::turn;
use crate::workload::verify;

const REQUESTS: usize = 64;
const LOCK: &str = "begin; select pg_advisory_xact_lock(1145324032, 1)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_fails_leaves_its_neighbours_untouched() {
    let _turn = turn().await;
    let database = Database::new().await;
    let server = Server::builder().over(&database).start().await;
    let user = server.user().await;
    user.post("/api/data/item", &json!({ "id": "taken" })).await.expect(201);
    let large = "x".repeat(1 << 20);

    // While another session has the lock, all requests come together.
    let mut lock = database.connect().await;
    lock.execute(LOCK).await;
    let mut requests = JoinSet::new();
    for number in 0..REQUESTS {
        let own = format!("own-{number}");
        let (expected, body) = match number % 4 {
            0 => (201, json!({ "id": own, "n": number })),
            1 => (409, json!([{ "id": own, "n": number }, { "id": "taken" }])),
            // The same key twice: whoever comes first.
            2 => (0, json!([{ "id": own, "n": number }, { "id": format!("shared-{}", number / 8) }])),
            _ => (413, json!([{ "id": own, "n": number }, { "id": format!("large-{number}"), "text": large }])),
        };
        let user = user.clone();
        requests.spawn(async move { (number, expected, user.post("/api/data/item", &body).await) });
    }
    sleep(Duration::from_millis(600)).await;
    lock.execute("commit").await;

    let mut statuses = [(201, 0), (409, 0), (413, 0)];
    let mut shared = [0; REQUESTS / 8];
    for (number, expected, answer) in requests.join_all().await {
        assert!(expected == 0 || answer.status == expected, "{number}: {}", answer.text());
        if expected == 0 {
            shared[number / 8] += usize::from(answer.status == 201);
        }
        let counted = statuses.iter_mut().find(|(status, _)| *status == answer.status);
        counted.unwrap_or_else(|| panic!("{number}: {}", answer.text())).1 += 1;
        let found = user.get(&format!("/api/data/item/own-{number}")).await;
        assert_eq!(found.status == 200, answer.status == 201, "{number} was answered {}: {}", answer.status, found.text());
    }
    assert!(shared.iter().all(|created| *created == 1), "of two requests with one key, one creates it: {shared:?}");
    user.get("/api/data/item/large-3").await.expect(404);

    let report = verify(&server);
    assert_eq!(report["sound"], true, "{report}");
    let largest = lock.value("select max(n)::text from (select count(*) as n from ddb.tx group by time) groups").await;
    println!("{REQUESTS} requests, (status, number): {statuses:?}, most transactions in one group: {largest}");
    assert!(largest.parse::<u64>().expect("a number") >= 16, "the requests were not written together");
}
