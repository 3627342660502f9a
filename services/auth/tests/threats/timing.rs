//! THREATS 13: the time of a refusal says nothing about the address.

use std::time::Duration;

use ddb_auth::Config;
use ddb_testkit::json;

use crate::harness::{Client, MEMORY, Server, run, unique};

const SAMPLES: u32 = 25;

async fn time(client: &Client, email: &str) -> Duration {
    let begin = tokio::time::Instant::now();
    let body = json!({ "email": email, "password": "wrong password" });
    client.post("/api/auth/signin", &body).await.expect_error(401, "UNAUTHENTICATED");
    begin.elapsed()
}

/// Half of the samples lie below it: other work on the machine makes single ones long.
fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples[samples.len() / 2]
}

/// Known and unknown in turns, so that both see the same machine. Mutant: `verify` answers at once where there is no hash.
async fn assert_equal(server: &Server, known: &str) {
    let (mut of_known, mut of_unknown) = (Vec::new(), Vec::new());
    for number in 0..SAMPLES {
        let client = server.anon().at(&format!("10.1.{number}.1"));
        of_known.push(time(&client, known).await);
        of_unknown.push(time(&client, &format!("{}@nowhere", unique())).await);
    }
    let (known, unknown) = (median(of_known), median(of_unknown));
    let (less, more) = (known.min(unknown), known.max(unknown));
    assert!(more.as_secs_f64() < less.as_secs_f64() * 1.3, "known {known:?}, unknown {unknown:?}");
}

#[test]
fn a_refusal_takes_as_long_for_unknown_addresses_also_in_an_empty_table() {
    run(async {
        let server = Server::start(Config { sign_ups_per_hour: 0, ..Config::default() }, MEMORY).await;
        let mut empty = Vec::new();
        for number in 0..SAMPLES {
            empty.push(time(&server.anon().at(&format!("10.2.{number}.1")), &format!("{}@nowhere", unique())).await);
        }
        // The least that a hash takes anywhere.
        assert!(median(empty) > Duration::from_millis(20));
        let user = server.user().await;
        assert_equal(&server, &user.email).await;
    });
}
