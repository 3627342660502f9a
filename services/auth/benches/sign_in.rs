//! What sign-in costs: `cargo bench -p ddb-auth`. Prints each figure with what it is made of.

#[path = "../tests/harness/mod.rs"]
mod harness;

use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use ddb_auth::Config;
use ddb_testkit::json;

use harness::{MEMORY, PASSWORD, Server, User, run};

const HOT: u32 = 1_000_000;
const HASHES: u32 = 10;

fn main() {
    run(async {
        let server = Server::start(Config { sign_ups_per_hour: 0, ..Config::default() }, MEMORY).await;
        let user = server.user().await;
        tokens(&server, &user).await;
        passwords(&server).await;
        routes(&server, &user).await;
        let keys = (0..5).map(|_| timed(|| drop(RsaKeyPair::generate(KeySize::Rsa2048))));
        report("making a signing key (RSA-2048), longest of five", keys.max().unwrap_or_default());
    });
}

async fn tokens(server: &Server, user: &User) {
    let authenticator = &server.shared.authenticator;
    let begin = Instant::now();
    authenticator.authenticate(&user.access_token).await.expect("signed in");
    report("a token seen for the first time, with its session", begin.elapsed());
    // `run` polls on this thread, and a token seen before never waits.
    let begin = processor_time();
    for _ in 0..HOT {
        authenticator.authenticate(&user.access_token).await.expect("signed in");
    }
    report("a token seen before", (processor_time() - begin) / HOT);
    let begin = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let (authenticator, token) = (authenticator.clone(), user.access_token.clone());
        tasks.spawn(async move {
            for _ in 0..HOT {
                authenticator.authenticate(&token).await.expect("signed in");
            }
        });
    }
    tasks.join_all().await;
    report("the same token in two threads at once, each", begin.elapsed() / HOT);
}

async fn passwords(server: &Server) {
    let params = Params::new(64 * 1024, 3, 1, Some(32)).expect("parameters");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut out = [0; 32];
    let fresh = timed(|| {
        for _ in 0..HASHES {
            argon2.hash_password_into(PASSWORD.as_bytes(), b"0123456789abcdef", &mut out).expect("hashed");
        }
    });
    report("Argon2id, 64 MiB × 3, memory made for each hash", fresh / HASHES);
    let mut blocks = vec![Block::default(); 64 * 1024];
    let reused = timed(|| {
        for _ in 0..HASHES {
            argon2
                .hash_password_into_with_memory(PASSWORD.as_bytes(), b"0123456789abcdef", &mut out, &mut blocks)
                .expect("hashed");
        }
    });
    report("Argon2id, 64 MiB × 3, one memory for all", reused / HASHES);
    drop(blocks);
    let before = resident();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let client = server.anon().at(&format!("10.0.0.{number}"));
        let body = json!({ "email": format!("{number}@nowhere"), "password": "wrong password" });
        tasks.spawn(async move { client.post("/api/auth/signin", &body).await.expect(401) });
    }
    let mut most = before;
    while !tasks.is_empty() {
        let _ = tokio::time::timeout(Duration::from_millis(5), tasks.join_next()).await;
        most = most.max(resident());
    }
    println!("{:60} {:>9} MB", "resident memory before hashing", before / 1024);
    println!("{:60} {:>9} MB", "resident memory while hashing, at most", most / 1024);
    println!("{:60} {:>9} MB", "resident memory right after hashing", resident() / 1024);
}

async fn routes(server: &Server, user: &User) {
    let body = json!({ "email": user.email, "password": PASSWORD });
    let begin = Instant::now();
    for _ in 0..HASHES {
        server.anon().post("/api/auth/signin", &body).await.expect(200);
    }
    report("a whole sign-in", begin.elapsed() / HASHES);
    let mut token = user.refresh_token.clone();
    let begin = Instant::now();
    for _ in 0..200 {
        let answer = server.anon().post("/api/auth/refresh", &json!({ "refresh_token": token })).await.expect(200);
        answer.json["refresh_token"].as_str().expect("a token").clone_into(&mut token);
    }
    report("a whole refresh", begin.elapsed() / 200);
    let begin = Instant::now();
    for _ in 0..1000 {
        user.client.get("/api/auth/me").await.expect(200);
    }
    report("GET /api/auth/me", begin.elapsed() / 1000);
}

/// The processor time of this thread, so that what else runs on the machine counts less.
fn timed(work: impl FnOnce()) -> Duration {
    let begin = processor_time();
    work();
    processor_time() - begin
}

fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux has it");
    let nanoseconds = text.split_whitespace().next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number"))
}

/// In KB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("a line");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).expect("a number")
}

fn report(what: &str, time: Duration) {
    println!("{what:60} {time:>12.1?}");
}
