//! Indexes that are defined, built and removed, and a past that is pruned, while writers write and something breaks.
//! (What each step of it guards has tests with mutants in `services/query/tests/routes/schema` and `libs/store/tests/store/retention.rs`.)

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use ddb_testkit::{Answer, Caller, Client, Json, Server, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

const PATH: &str = "/api/schema/item/indexes";
/// The table whose past is not kept.
const PRUNED: &str = "/api/schema/journal";
/// More than are indexed within the definition.
const SEEDED: usize = 1_500;
const SETTLES: Duration = Duration::from_secs(60);

/// An admin who never leaves the indexes of a table alone.
pub(crate) struct Indexing {
    stop: Arc<AtomicBool>,
    removed: Arc<AtomicU32>,
    task: JoinHandle<Tally>,
}

/// What became of his requests.
#[derive(Default)]
pub(crate) struct Tally {
    defined: u32,
    built: u32,
    removed: u32,
    /// How often the past was pruned at his word.
    pruned: u32,
    /// The transaction from which on the past is known.
    horizon: i64,
    unanswered: u32,
    wrong: Vec<String>,
}

/// Makes the table large enough that an index of it is built by the job.
pub(crate) async fn seed(user: &Caller) {
    for part in 0..3 {
        let records: Vec<Json> = (0..SEEDED / 3).map(|number| json!({ "token": format!("seeded{part}-{number}") })).collect();
        user.post("/api/data/item", &json!(records)).await.expect(201);
    }
}

impl Indexing {
    pub(crate) fn start(admin: &Caller) -> Self {
        let (stop, removed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let task = tokio::spawn(run(admin.client.clone(), stop.clone(), removed.clone()));
        Self { stop, removed, task }
    }

    /// Waits until an index was defined and removed again.
    pub(crate) async fn under_way(&self) {
        let end = Instant::now() + SETTLES;
        while self.removed.load(Ordering::Relaxed) == 0 {
            assert!(Instant::now() < end, "no index is removed");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends after the last index has become ready.
    pub(crate) async fn stop(self, server: &Server, tally: &mut Tally) {
        self.stop.store(true, Ordering::Relaxed);
        let of_round = self.task.await.expect("the admin does not panic");
        settle(&server.admin().await).await;
        tally.add(of_round);
    }
}

async fn run(admin: Client, stop: Arc<AtomicBool>, removed: Arc<AtomicU32>) -> Tally {
    let definitions = [
        json!({ "name": "by_token", "fields": ["token", "-created"] }),
        json!({ "name": "newest", "fields": ["-created"] }),
        json!({ "name": "tokens", "fields": ["token"], "unique": true }),
    ];
    let mut tally = Tally::default();
    for definition in definitions.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let name = definition["name"].as_str().expect("a name");
        match admin
            .try_send("POST".parse().expect("a method"), PATH, Some(("application/json", definition.to_string().into())))
            .await
        {
            Ok(answer) => tally.note(&answer, &[201, 409, 503], |tally| &mut tally.defined),
            Err(_) => tally.unanswered += 1,
        }
        sleep(Duration::from_millis(250)).await;
        match admin.try_send("GET".parse().expect("a method"), PATH, None).await {
            Ok(answer) => {
                let indexes = answer.json["data"].as_array().cloned().unwrap_or_default();
                tally.built += indexes.iter().filter(|index| index["name"] == name && index["state"] == "ready").count() as u32;
                tally.note(&answer, &[200, 404, 503], |tally| &mut tally.unanswered);
            }
            Err(_) => tally.unanswered += 1,
        }
        match admin.try_send("DELETE".parse().expect("a method"), &format!("{PATH}/{name}"), None).await {
            Ok(answer) => tally.note(&answer, &[204, 404, 503], |tally| &mut tally.removed),
            Err(_) => tally.unanswered += 1,
        }
        // At this word what is superseded by now is pruned anew.
        let none = json!({ "history": "none" }).to_string();
        match admin.try_send("PATCH".parse().expect("a method"), PRUNED, Some(("application/json", none.into()))).await {
            Ok(answer) => {
                let horizon = answer.json["data"]["horizon"].as_i64().unwrap_or(0);
                tally.pruned += u32::from(horizon > tally.horizon);
                tally.horizon = tally.horizon.max(horizon);
                tally.note(&answer, &[200, 404, 503], |tally| &mut tally.unanswered);
            }
            Err(_) => tally.unanswered += 1,
        }
        removed.store(tally.removed, Ordering::Relaxed);
        sleep(Duration::from_millis(20)).await;
    }
    tally
}

/// Waits until nothing is being built; nothing may have failed, since every token is there once.
async fn settle(admin: &Caller) {
    let unique = json!({ "name": "tokens", "fields": ["token"], "unique": true });
    let end = Instant::now() + SETTLES;
    loop {
        let defined = admin.post(PATH, &unique).await;
        let listed = admin.get(PATH).await;
        let indexes = listed.json["data"].as_array().cloned().unwrap_or_default();
        let is_ready = |index: &Json| index["state"] == "ready";
        if matches!(defined.status, 201 | 409) && listed.status == 200 && indexes.iter().all(is_ready) {
            break;
        }
        assert!(indexes.iter().all(|index| index["state"] != "failed"), "{}", listed.text());
        assert!(Instant::now() < end, "{} {}", defined.text(), listed.text());
        sleep(Duration::from_millis(100)).await;
    }
}

impl Tally {
    fn note(&mut self, answer: &Answer, expected: &[u16], count: fn(&mut Self) -> &mut u32) {
        if !expected.contains(&answer.status) {
            self.wrong.push(format!("{} {}", answer.status, answer.text()));
        }
        if matches!(answer.status, 201 | 204) {
            *count(self) += 1;
        }
    }

    fn add(&mut self, other: Self) {
        self.defined += other.defined;
        self.built += other.built;
        self.removed += other.removed;
        self.pruned += other.pruned;
        self.unanswered += other.unanswered;
        self.wrong.extend(other.wrong);
    }

    /// In every round at least one index was defined, and one removed.
    #[track_caller]
    pub(crate) fn expect_work(&self, rounds: u32) {
        assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
        assert!(self.defined >= rounds && self.removed >= rounds && self.pruned > 0, "too little was done: {self}");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { defined, built, removed, pruned, unanswered, .. } = self;
        write!(
            f,
            "  {defined} indexes defined, {built} seen ready, {removed} removed; the past pruned {pruned} times; \
             {unanswered} requests without an answer"
        )
    }
}
