//! How long it takes until a write succeeds again.

use std::time::Duration;

use ddb_testkit::{Client, json};
use tokio::time::{Instant, sleep};

/// Recovery flushes every file of the cluster: seconds on a disk that others keep busy. A PostgreSQL that could not be started is tried again after 10 s
/// at most.
pub(crate) const RECOVERS: Duration = Duration::from_secs(30);

/// Until then the answer is 503.
pub(crate) async fn until_written(client: &Client, within: Duration) -> Duration {
    let begin = Instant::now();
    loop {
        let answer = client.post("/api/data/probe", &json!({ "after": begin.elapsed().as_millis() as u64 })).await;
        if answer.status == 201 {
            return begin.elapsed();
        }
        let answer = answer.expect_error(503, "UNAVAILABLE");
        assert!(begin.elapsed() < within, "no write succeeds: {}", answer.text());
        sleep(Duration::from_millis(20)).await;
    }
}
