//! `POST /api/mutate`

mod bad_input;
mod bank;
mod ops;
mod unique;

use ddb_testkit::{Answer, Client, Json, json};

async fn mutate(caller: &Client, ops: Json) -> Answer {
    caller.post("/api/mutate", &json!({ "ops": ops })).await
}
