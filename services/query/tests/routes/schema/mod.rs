//! `/api/schema…`

mod history;
mod indexes;
mod own_times;
mod paths;
mod tables;
mod unique;

use std::time::Duration;

use ddb_testkit::{Client, Json, json};

/// Creates `count` records from a function of their number.
async fn fill(caller: &Client, table: &str, count: usize, record: impl Fn(usize) -> Json) {
    for chunk in (0..count).collect::<Vec<_>>().chunks(1_000) {
        let records: Vec<Json> = chunk.iter().map(|number| record(*number)).collect();
        caller.post(&format!("/api/data/{table}"), &Json::Array(records)).await.expect(201);
    }
}

/// The index once it has failed and says so of a record.
async fn failed_over(admin: &Client, table: &str, name: &str, record: &str) -> Json {
    let mut index = json!(null);
    // The record is named a moment after the state is set.
    for _ in 0..600 {
        index = built(admin, table, name).await;
        if index["state"] != "failed" || index["problem"].as_str().is_some_and(|problem| problem.contains(record)) {
            return index;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the record {record} is not named: {index}");
}

/// The index once it is no longer being built.
async fn built(admin: &Client, table: &str, name: &str) -> Json {
    for _ in 0..600 {
        let indexes = admin.get(&format!("/api/schema/{table}/indexes")).await.expect(200);
        let index = indexes.records().iter().find(|index| index["name"] == name).cloned().unwrap_or(json!(null));
        if index["state"] != "building" {
            return index;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the index {name} is not built");
}
