//! `kill -9` of `ddb` under writes with idempotency keys: whoever sends his request again, answered or not, has one effect and one answer.
//!
//! Mutants (libs/store), tried:
//! - `kept.rs`, `find` finds nothing. Requests that were acknowledged take effect again.

use std::collections::HashMap;
use std::time::Duration;

use ddb_testkit::{Answer, Client, Json, Method, Server, json};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{sleep, timeout};

use crate::soak;
use crate::turn;
use crate::workload::verify;

const SEED: u64 = 11;
const WRITERS: usize = 12;
/// Nobody waits longer for an answer.
const HANGS: Duration = Duration::from_secs(20);

/// A request, and what its sender was answered before the kill.
struct Sent {
    key: String,
    path: &'static str,
    body: Json,
    answered: Option<(u16, String)>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_a_retry_after_a_kill_never_doubles() {
    let _turn = turn().await;
    let rounds = soak::rounds(2, 12);
    let mut random = StdRng::seed_from_u64(SEED);
    let mut server = Server::start().await;
    let user = server.user().await;
    let (mut answered, mut unanswered) = (0, 0);
    for round in 0..rounds {
        let log = format!("log{round}");
        user.post("/api/data/log", &json!({ "id": log, "tokens": [] })).await.expect(201);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| tokio::spawn(write(user.client.clone(), log.clone(), format!("r{round}w{writer}"))))
            .collect();
        sleep(Duration::from_millis(random.random_range(700..1_500))).await;
        server.kill();
        let mut sent = Vec::new();
        for writer in writers {
            sent.extend(writer.await.expect("a writer does not panic"));
        }
        server.restart().await;
        for request in &sent {
            let again = send(&user.client, request).await.unwrap_or_else(|| panic!("{} has no answer", request.key));
            assert!([200, 201].contains(&again.status), "{}: {}", request.key, again.text());
            match &request.answered {
                Some(before) => {
                    assert_eq!(*before, (again.status, again.text()), "{}", request.key);
                    answered += 1;
                }
                None => unanswered += 1,
            }
        }
        let mut tokens: HashMap<String, u32> = HashMap::new();
        let list = user.get(&format!("/api/data/log/{log}")).await.expect(200);
        for token in list.json["data"]["tokens"].as_array().expect("tokens") {
            *tokens.entry(token.as_str().expect("a token").to_owned()).or_default() += 1;
        }
        for request in &sent {
            assert_eq!(tokens.get(&request.key), Some(&1), "{} took effect not once", request.key);
        }
        assert_eq!(tokens.len(), sent.len());
        let report = verify(&server);
        assert_eq!(report["sound"], true, "{report}");
    }
    println!("{rounds} kills, {answered} requests had an answer before, {unanswered} had none");
    assert!(answered >= 20 && unanswered >= rounds, "{answered} and {unanswered}");
}

/// Writes until the server is gone; gives all that was sent.
async fn write(client: Client, log: String, writer: String) -> Vec<Sent> {
    let mut sent = Vec::new();
    for number in 0.. {
        let key = format!("{writer}n{number}");
        let push = json!({ "op": "merge", "table": "log", "id": log, "data": { "tokens": { "$push": key } } });
        let make = json!({ "op": "create", "table": "item", "data": { "token": key } });
        let (path, body) = match number % 2 {
            0 => ("/api/mutate", json!({ "ops": [push, make] })),
            _ => ("/api/batch", json!({ "ops": [{ "id": "one", "type": "mutate", "ops": [push] }] })),
        };
        let mut request = Sent { key, path, body, answered: None };
        let answer = send(&client, &request).await;
        let is_away = answer.is_none();
        request.answered = answer.filter(|answer| answer.status < 500).map(|answer| (answer.status, answer.text()));
        sent.push(request);
        if is_away {
            break;
        }
    }
    sent
}

async fn send(client: &Client, request: &Sent) -> Option<Answer> {
    let client = client.with_header("idempotency-key", &request.key);
    let body = Some(("application/json", request.body.to_string().into()));
    timeout(HANGS, client.try_send(Method::POST, request.path, body)).await.ok()?.ok()
}
