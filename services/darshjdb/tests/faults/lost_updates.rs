//! Concurrent changes of one record: none is lost.
//!
//! Mutants, tried:
//! - `libs/database/src/session/mod.rs`, `visible`: does not compare `if_match` with the record's last change.
//! - `libs/store/src/transactor/group.rs`, `apply`: does not keep the record in its slot for the writes that follow in the group.

use ddb_testkit::{Caller, Server, json};
use tokio::task::JoinSet;

use crate::turn;

const WRITERS: u64 = 16;
const CHANGES: u64 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_that_read_and_write_with_if_match_or_inc_lose_no_update() {
    let _turn = turn().await;
    let server = Server::start().await;
    let user = server.user().await;
    for key in ["exchanged", "incremented"] {
        user.post("/api/data/counter", &json!({ "id": key, "n": 0 })).await.expect(201);
    }
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        writers.spawn(exchange(user.clone()));
        writers.spawn(increment(user.clone()));
    }
    let mismatches: u64 = writers.join_all().await.into_iter().sum();
    for key in ["exchanged", "incremented"] {
        let found = user.get(&format!("/api/data/counter/{key}")).await.expect(200);
        assert_eq!(found.json["data"]["n"], WRITERS * CHANGES, "{key}");
    }
    println!("{} changes of each record; {mismatches} times another writer came first", WRITERS * CHANGES);
    assert!(mismatches >= WRITERS, "the writers did not meet: {mismatches}");
}

/// Gives how often another one came first.
async fn exchange(user: Caller) -> u64 {
    let mut mismatches = 0;
    for _ in 0..CHANGES {
        loop {
            let found = user.get("/api/data/counter/exchanged").await.expect(200);
            let next = found.json["data"]["n"].as_u64().expect("a number") + 1;
            let client = user.with_header("if-match", found.header("etag"));
            let written = client.patch("/api/data/counter/exchanged", &json!({ "n": next })).await;
            if written.status == 200 {
                break;
            }
            written.expect_error(412, "VERSION_MISMATCH");
            mismatches += 1;
        }
    }
    mismatches
}

async fn increment(user: Caller) -> u64 {
    for _ in 0..CHANGES {
        user.patch("/api/data/counter/incremented", &json!({ "n": { "$inc": 1 } })).await.expect(200);
    }
    0
}
