//! All of `ddb` with its PostgreSQL on a machine of 512 MB without swap, while everything that it can do is asked of it at once.
//!
//! Mutants, tried:
//! - `libs/runtime/src/main_of.rs`, `executor`: `give_memory_back` is not called. The kernel kills `ddb`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ddb_testkit::{Answer, Bytes, Caller, Client, Json, MemoryGroup, Method, Server, json};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

const MEMORY: u64 = 512 << 20;
/// Of a request that creates many.
const BATCH: usize = 500;
const SIGN_INS: usize = 50;
/// Large bodies that are on their way at a time, each of so many records of nearly a megabyte.
const LARGE_BODIES: usize = 4;
const LARGE_RECORDS: usize = 15;

/// How many records there are and how long everything goes on: short, and with `DDB_SOAK` (`make soak`) long.
fn size() -> (usize, Duration) {
    match std::env::var_os("DDB_SOAK") {
        None => (10_000, Duration::from_secs(15)),
        Some(_) => (200_000, Duration::from_secs(300)),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_everything_at_once_fits_into_512_mb() {
    if !ddb_testkit::is_root("makes a memory group") {
        return;
    }
    let (records, lasts) = size();
    let server = Arc::new(Server::builder().within(MEMORY).start().await);
    let postmaster = server.postmaster();
    sleep(Duration::from_secs(2)).await;
    let idle = server.memory().usage().needed;
    let peak = Peak::watch(server.memory());
    let admin = server.admin().await;
    let mut users = Vec::new();
    for _ in 0..4 {
        users.push(server.user().await);
    }
    for first in (0..records).step_by(BATCH) {
        let batch: Vec<_> = (first..first + BATCH).map(|n| task(n, "made")).collect();
        users[first / BATCH % users.len()].post("/api/data/tasks", &json!(batch)).await.expect(201);
    }
    let filled = peak.so_far();

    let mut tally = Tally::default();
    let until = Instant::now() + lasts;
    let mut everybody = JoinSet::new();
    for (number, user) in users.iter().enumerate() {
        everybody.spawn(write(user.clone(), number, until));
        everybody.spawn(read(user.clone(), until));
    }
    for _ in 0..LARGE_BODIES {
        everybody.spawn(write_large(users[0].clone(), until));
    }
    everybody.spawn(sign_in(server.anon(), users[1].email.clone(), until));
    everybody.spawn(index(admin.clone(), until));
    everybody.spawn(back_up(server.clone(), until));
    while let Some(of_one) = everybody.join_next().await {
        tally.add(of_one.expect("a client does not panic"));
    }

    let peak = peak.end().await;
    let mut report = String::new();
    for (name, bytes) in [("idle", idle), ("with the records", filled), ("at most", peak)] {
        write!(report, "{name} {} MB, ", bytes >> 20).expect("text can be written");
    }
    println!("in a group of {} MB: {report}{records} records, {} s of everything\n{tally}", MEMORY >> 20, lasts.as_secs());
    tally.expect_only_documented();
    assert_eq!(server.memory().kills(), 0, "the kernel killed a process");
    assert_eq!(server.postmaster(), postmaster, "PostgreSQL was not started again");
    assert!(peak < MEMORY, "{} MB", peak >> 20);
    // What was refused while there was too much to do succeeds afterwards.
    Caller::sign_in(&server.anon(), &users[1].email).await.get("/api/data/tasks?limit=5").await.expect(200);
    let verified = server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert_eq!(server.memory().kills(), 0, "the kernel killed a process of the check");
}

fn task(n: usize, status: &str) -> Json {
    json!({ "title": format!("task {n}"), "status": format!("{status}-{}", n % 20), "priority": n % 1_000, "note": "x".repeat(100) })
}

async fn write(user: Caller, number: usize, until: Instant) -> Tally {
    let mut tally = Tally::default();
    for n in 0.. {
        if Instant::now() > until {
            break;
        }
        let made = user.post("/api/data/tasks", &task(n, "single")).await;
        if made.status == 201 {
            tally.note("change", &user.patch(&made.path(), &json!({ "priority": { "$inc": 1 } })).await);
            let ops = json!({ "ops": [
                { "op": "create", "table": "log", "data": { "of": made.json["data"]["id"], "by": number } },
                { "op": "merge", "table": "tasks", "id": made.json["data"]["id"].as_str().unwrap_or_default().replace("tasks:", ""), "data": { "status": "done" } },
            ] });
            tally.note("transaction", &user.post("/api/mutate", &ops).await);
            tally.note("get", &user.get(&made.path()).await);
        }
        tally.note("create", &made);
    }
    tally
}

async fn read(user: Caller, until: Instant) -> Tally {
    let mut tally = Tally::default();
    for n in 0.. {
        if Instant::now() > until {
            break;
        }
        let list = format!("/api/data/tasks?where=status%20%3D%20%22made-{}%22&order=-priority&limit=100&count=exact", n % 20);
        tally.note("list", &user.get(&list).await);
        let query =
            json!({ "tasks": { "$where": { "priority": { "$gte": n % 900 } }, "$order": { "title": "asc" }, "$limit": 1000 } });
        tally.note("query", &user.post("/api/query", &query).await);
    }
    tally
}

async fn write_large(user: Caller, until: Instant) -> Tally {
    let record = format!(r#"{{"text":"{}"}}"#, "0123456789abcdef".repeat(64_000));
    let body = Bytes::from(format!("[{}]", vec![record; LARGE_RECORDS].join(",")));
    let mut tally = Tally::default();
    while Instant::now() < until {
        let answer = user.send(Method::POST, "/api/data/large", Some(("application/json", body.clone()))).await;
        tally.note("large body", &answer);
        sleep(if answer.status == 201 { Duration::from_secs(1) } else { Duration::from_millis(200) }).await;
    }
    tally
}

async fn sign_in(anon: Client, email: String, until: Instant) -> Tally {
    let mut tally = Tally::default();
    while Instant::now() < until {
        let mut all = JoinSet::new();
        for _ in 0..SIGN_INS {
            let (anon, body) = (anon.clone(), json!({ "email": email, "password": Caller::PASSWORD }));
            all.spawn(async move { anon.post("/api/auth/signin", &body).await });
        }
        all.join_all().await.iter().for_each(|answer| tally.note("sign-in", answer));
    }
    tally
}

async fn index(admin: Caller, until: Instant) -> Tally {
    let mut tally = Tally::default();
    while Instant::now() < until {
        let index = json!({ "name": "by_status", "fields": ["status", "-priority"] });
        tally.note("index", &admin.post("/api/schema/tasks/indexes", &index).await);
        loop {
            let found = admin.get("/api/schema/tasks").await;
            let is_ready = found.text().contains("\"ready\"");
            if is_ready || Instant::now() > until {
                break;
            }
            sleep(Duration::from_millis(200)).await;
        }
        tally.note("index removed", &admin.delete("/api/schema/tasks/indexes/by_status").await);
    }
    tally
}

async fn back_up(server: Arc<Server>, until: Instant) -> Tally {
    while Instant::now() < until {
        let (server, file) = (server.clone(), server.directory().join("backup.ddb"));
        let output = tokio::task::spawn_blocking(move || server.ddb(&["backup", file.to_str().expect("UTF-8")]));
        let output = output.await.expect("a command ends");
        assert_eq!(output.code, Some(0), "{output:?}");
    }
    Tally::default()
}

/// What the group needed at most, looked at again and again.
struct Peak {
    stop: Arc<AtomicBool>,
    most: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Peak {
    fn watch(group: Arc<MemoryGroup>) -> Self {
        let (stop, most) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (stopped, seen): (_, Arc<AtomicU64>) = (stop.clone(), Arc::clone(&most));
        let task = tokio::spawn(async move {
            while !stopped.load(Ordering::Relaxed) {
                seen.fetch_max(group.usage().needed, Ordering::Relaxed);
                sleep(Duration::from_millis(10)).await;
            }
        });
        Self { stop, most, task }
    }

    fn so_far(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }

    async fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.expect("the watch does not panic");
        self.most.load(Ordering::Relaxed)
    }
}

/// How often what was answered how.
#[derive(Default)]
struct Tally {
    answers: BTreeMap<(&'static str, u16, String), u64>,
    wrong: Vec<String>,
}

impl Tally {
    fn note(&mut self, what: &'static str, answer: &Answer) {
        let says_when = !answer.header("retry-after").is_empty();
        let is_documented = match answer.status {
            200..300 => true,
            429 => answer.code() == "RATE_LIMITED" && says_when,
            503 => answer.code() == "UNAVAILABLE" && says_when,
            _ => false,
        };
        if !is_documented {
            self.wrong.push(format!("{what}: {} {}", answer.status, answer.text()));
        }
        *self.answers.entry((what, answer.status, answer.code().to_owned())).or_default() += 1;
    }

    fn add(&mut self, other: Self) {
        for (what, times) in other.answers {
            *self.answers.entry(what).or_default() += times;
        }
        self.wrong.extend(other.wrong);
    }

    #[track_caller]
    fn expect_only_documented(&self) {
        assert!(self.wrong.is_empty(), "{} answers are wrong, such as {:?}", self.wrong.len(), self.wrong.first());
        for what in ["create", "change", "transaction", "get", "list", "query", "large body", "sign-in", "index", "index removed"]
        {
            let done: u64 =
                self.answers.iter().filter(|((name, status, _), _)| *name == what && *status < 300).map(|(_, n)| n).sum();
            assert!(done > 0, "no {what} succeeded");
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for ((what, status, code), times) in &self.answers {
            writeln!(f, "  {what:14} {status} {code:14} {times:6}")?;
        }
        Ok(())
    }
}
