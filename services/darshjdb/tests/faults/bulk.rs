//! Writers of large records, which fill a disk.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ddb_testkit::{Bytes, Caller};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Of one record, incompressible.
const BYTES: usize = 900 << 10;
const WRITERS: usize = 3;
const SEED: u64 = 43;

/// They write as fast as they are answered until they are stopped.
pub(crate) struct Bulk {
    stop: Arc<AtomicBool>,
    writers: Vec<JoinHandle<BulkWritten>>,
}

#[derive(Default)]
pub(crate) struct BulkWritten {
    /// Records that were acknowledged, by their path, with the end of what they hold.
    acknowledged: HashMap<String, String>,
    refused: u64,
    wrong: Vec<String>,
}

impl Bulk {
    pub(crate) fn start(user: &Caller) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut random = StdRng::seed_from_u64(SEED);
        let text: Arc<str> = (0..BYTES).map(|_| char::from(random.random_range(b'#'..=b'['))).collect::<String>().into();
        let writers = (0..WRITERS).map(|writer| tokio::spawn(write(user.clone(), writer, text.clone(), stop.clone())));
        Self { stop: stop.clone(), writers: writers.collect() }
    }

    pub(crate) async fn stop(self) -> BulkWritten {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = BulkWritten::default();
        for writer in self.writers {
            let written = writer.await.expect("a writer does not panic");
            all.acknowledged.extend(written.acknowledged);
            all.refused += written.refused;
            all.wrong.extend(written.wrong);
        }
        all
    }
}

async fn write(user: Caller, writer: usize, text: Arc<str>, stop: Arc<AtomicBool>) -> BulkWritten {
    let mut written = BulkWritten::default();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let end = format!("{writer} {number}");
        let body = Bytes::from(format!(r#"{{"text":"{text} {end}"}}"#));
        let answer = user.send("POST".parse().expect("a method"), "/api/data/bulk", Some(("application/json", body))).await;
        match (answer.status, answer.code()) {
            (201, _) => {
                let id = answer.json["data"]["id"].as_str().unwrap_or_default().replacen(':', "/", 1);
                written.acknowledged.insert(format!("/api/data/{id}"), end);
            }
            (503, "UNAVAILABLE") => {
                written.refused += 1;
                sleep(Duration::from_millis(50)).await;
            }
            _ => written.wrong.push(format!("{} {}", answer.status, answer.text())),
        }
    }
    written
}

impl BulkWritten {
    /// What was acknowledged is there, whole.
    pub(crate) async fn check(self, user: &Caller) {
        assert!(self.wrong.is_empty(), "{:?}", self.wrong);
        assert!(!self.acknowledged.is_empty(), "nothing was written");
        for (path, end) in self.acknowledged {
            let found = user.get(&path).await.expect(200);
            assert!(
                found.json["data"]["text"].as_str().is_some_and(|text| text.len() > BYTES && text.ends_with(&format!(" {end}"))),
                "{path} is another one"
            );
        }
    }
}

impl fmt::Display for BulkWritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} large records were acknowledged, {} refused", self.acknowledged.len(), self.refused)
    }
}
