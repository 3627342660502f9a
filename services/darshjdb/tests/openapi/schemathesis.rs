//! schemathesis (PyPI) makes requests of the document, right ones and wrong ones, and holds the answers against it.

use std::path::{Path, PathBuf};

use ddb_testkit::{Server, json};
use tokio::process::Command;

use crate::document::{Document, Operation};

/// The requests that are made are the same each time, so that a failure comes again.
const SEED: &str = "1";
/// What is in the document's examples lies behind them.
const TRANSACTIONS: i64 = 50;
/// They end the session that they are called with: an account of its own calls them.
const ENDING: [&str; 5] = ["signOut", "eraseMe", "changePassword", "endSessions", "endSession"];

/// It changes what the other ones are answered.
const LIMITING: &str = "changeLimits";

/// Which requests are made.
struct Effort {
    /// Random ones of each operation.
    examples: u32,
    phases: &'static str,
    seed: String,
}

/// The long form takes other requests each time, and chains them: what one answers is what the next one asks for.
fn effort(phases: &'static str) -> Effort {
    match std::env::var_os("DDB_SOAK") {
        None => Effort { examples: 3, phases, seed: SEED.to_owned() },
        Some(_) => {
            Effort { examples: 200, phases: "examples,coverage,fuzzing,stateful", seed: rand::random::<u32>().to_string() }
        }
    }
}

#[tokio::test]
async fn schemathesis_finds_nothing_as_an_admin_soak() {
    let server = start().await;
    let admin = server.admin().await;
    let document = Document::served(&server.anon()).await;
    for number in 1..=TRANSACTIONS {
        admin.post("/api/data/tasks", &json!({ "id": number, "title": "Ship v1", "status": "active" })).await.expect(201);
    }
    let with_token = document.operations().into_iter().filter(takes_token);
    // Once the limits are anything, there may be no answer but 429.
    let (limiting, others): (Vec<_>, Vec<_>) = with_token.partition(|operation| operation.id == LIMITING);
    let others = others.into_iter().filter(|operation| !ENDING.contains(&operation.id));
    for operations in [others.collect(), limiting] {
        run(&server, admin.client.token.as_deref(), operations.into_iter(), effort("examples,coverage,fuzzing")).await;
    }
}

#[tokio::test]
async fn schemathesis_finds_nothing_as_nobody_soak() {
    let server = start().await;
    let document = Document::served(&server.anon()).await;
    // What has to be a token, a parameter or a body was tried as an admin.
    let with_token = document.operations().into_iter().filter(takes_token);
    run(&server, None, with_token, effort("examples,fuzzing")).await;
    let without_token = document.operations().into_iter().filter(|operation| !takes_token(operation));
    run(&server, None, without_token, effort("examples,coverage,fuzzing")).await;
}

#[tokio::test]
async fn schemathesis_finds_nothing_as_who_ends_his_account_soak() {
    let server = start().await;
    let document = Document::served(&server.anon()).await;
    for operation in document.operations().into_iter().filter(|operation| ENDING.contains(&operation.id)) {
        let token = server.user().await.client.token;
        run(&server, token.as_deref(), [operation].into_iter(), effort("examples,fuzzing")).await;
    }
}

/// On a data directory that does not exist yet.
async fn start() -> Server {
    Server::builder().empty().start().await
}

fn takes_token(operation: &Operation<'_>) -> bool {
    operation.description["security"].as_array().is_some_and(|ways| ways.iter().any(|way| way.get("token").is_some()))
}

async fn run<'d>(server: &Server, token: Option<&str>, operations: impl Iterator<Item = Operation<'d>>, effort: Effort) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi/schemathesis");
    let mut settings = std::fs::read_to_string(folder.join("schemathesis.toml")).expect("the settings are there");
    if let Some(token) = token {
        settings.push_str(&format!("\n[auth.openapi.token]\nbearer = \"{token}\"\n"));
    }
    let written = server.directory().join("schemathesis.toml");
    std::fs::write(&written, settings).expect("the settings can be written");
    let mut command = Command::new("python3");
    command.current_dir(server.directory()).env("PYTHONPATH", fetched()).env("SCHEMATHESIS_HOOKS", folder.join("hooks.py"));
    command.args(["-m", "schemathesis.cli", "--config-file"]).arg(&written).arg("run").arg(server.url() + "/api/openapi.json");
    command.args(["--phases", effort.phases, "--seed", &effort.seed, "--max-examples", &effort.examples.to_string()]);
    for operation in operations {
        command.args(["--include-operation-id", operation.id]);
    }
    let output = command.output().await.expect("python3 can be run");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "schemathesis (seed {}): {text}{}", effort.seed, String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("passed"), "schemathesis made no request: {text}");
}

fn fetched() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/schemathesis");
    assert!(folder.is_dir(), "schemathesis is not there: fetch it with `make schemathesis`");
    folder
}
