//! Queries that take long keep only their own caller waiting.

use std::time::{Duration, Instant};

use ddb_testkit::{Database, Server, json};
use futures::future::join_all;

use crate::percent::encode;

/// Within which somebody else is served meanwhile.
const SOON: Duration = Duration::from_secs(1);

#[tokio::test]
async fn slow_queries_of_one_user_keep_nobody_else_waiting() {
    // Mutants: `of_one` is all in `Store::open`; every caller is the same `Asker`.
    let database = Database::new().await;
    let server = Server::builder().over(&database).start().await;
    let (user, other, third) = (server.user().await, server.other_user().await, server.other_user().await);
    let filter = encode("n + 1 = 2");
    for (caller, table) in [(&user, "slow"), (&other, "quick"), (&third, "quick")] {
        caller.post(&format!("/api/data/{table}"), &json!([{ "n": 1 }, { "n": 2 }])).await.expect(201);
        assert_eq!(caller.get(&format!("/api/data/{table}?where={filter}")).await.expect(200).records().len(), 1);
    }
    let mut lock = database.connect().await;
    let relation = lock.value("select format('ddb_data.t%s_%s', namespace, id) from ddb.data_table where name = 'slow'").await;
    lock.execute("begin").await;
    lock.execute(&format!("lock table {relation} in access exclusive mode")).await;

    // Each another question, so that no kept answer serves it.
    let path = |table: &str, number: usize| {
        format!("/api/data/{table}?where={}&count=exact", encode(&format!("n + 1 = 2 AND n < {}", 10 + number)))
    };
    let slow = join_all((0..6).map(|number| {
        let (user, path) = (&user, path("slow", number));
        async move { user.get(&path).await }
    }));
    let others = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let mut longest = Duration::ZERO;
        for number in 0..10 {
            for caller in [&other, &third] {
                let asked = Instant::now();
                let list = caller.get(&path("quick", number)).await.expect(200);
                assert_eq!(list.json["total"], 1);
                longest = longest.max(asked.elapsed());
                let query = json!({ "quick": { "$where": { "n": { "$lt": 5 + number } } } });
                caller.post("/api/query", &query).await.expect(200);
            }
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        lock.execute("rollback").await;
        longest
    };
    let (slow, longest) = tokio::join!(slow, others);
    assert!(longest < SOON, "somebody else waited for {longest:?}");
    let mut statuses: Vec<u16> = slow.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 503, 503, 503, 503], "one user has two of three");
    for answer in slow.into_iter().filter(|answer| answer.status == 503) {
        let refused = answer.expect_error(503, "UNAVAILABLE");
        assert_eq!(refused.header("retry-after"), "1");
    }
    assert_eq!(user.get(&path("slow", 6)).await.expect(200).records().len(), 1, "afterwards as before");
}
