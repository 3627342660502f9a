//! One run: connections that each send their next request as soon as the last is answered, for a warm-up, a window that
//! counts, and a tail in which memory is read while the load is still on.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::http::Connection;
use crate::process::{self, CpuReading, CpuUse};
use crate::server::Server;
use crate::workload::{Operation, Requests, User};
use crate::{Result, fail};

const TAIL: Duration = Duration::from_millis(400);
/// Longer than any server needs to answer 64 requests.
const PATIENCE: Duration = Duration::from_secs(20);
/// A connection that fails this often in a row gives up.
const MOST_FAILURES: u32 = 10;

pub(crate) struct Load<'a> {
    pub(crate) server: &'a Server,
    pub(crate) users: &'a [Arc<User>],
    pub(crate) operation: Operation,
    pub(crate) connections: usize,
    pub(crate) warm_up: Duration,
    pub(crate) window: Duration,
    /// Another number draws other requests.
    pub(crate) seed: u64,
}

pub(crate) struct Run {
    /// Requests answered within the window.
    pub(crate) requests: usize,
    pub(crate) per_second: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) cpu: CpuUse,
    /// Proportional set size of the server, bytes; `None` if its processes are not known.
    pub(crate) loaded_bytes: Option<u64>,
    /// All successful requests, warm-up and tail included.
    pub(crate) successes: u64,
    pub(crate) failures: Failures,
}

impl Run {
    /// Microseconds of CPU per request.
    pub(crate) fn per_request(&self, seconds: f64) -> f64 {
        seconds * 1e6 / self.requests.max(1) as f64
    }
}

/// How often each kind of failure came, with the first example of it.
#[derive(Default)]
pub(crate) struct Failures(BTreeMap<String, (u64, String)>);

impl Failures {
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (&str, u64, &str)> {
        self.0.iter().map(|(kind, (count, example))| (kind.as_str(), *count, example.as_str()))
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.values().map(|(count, _)| count).sum()
    }

    fn add(&mut self, kind: &str, example: impl FnOnce() -> String) {
        match self.0.get_mut(kind) {
            Some((count, _)) => *count += 1,
            None => {
                self.0.insert(kind.to_owned(), (1, example()));
            }
        }
    }

    fn join(&mut self, other: Self) {
        for (kind, (count, example)) in other.0 {
            self.0.entry(kind).or_insert((0, example)).0 += count;
        }
    }
}

impl Load<'_> {
    pub(crate) async fn run(&self) -> Result<Run> {
        let mut connections = Vec::with_capacity(self.connections);
        for number in 0..self.connections {
            let user = self.users[number % self.users.len()].clone();
            let seed = self.seed << 16 | number as u64;
            let requests = Requests::new(self.server.dialect, self.operation, user, seed);
            connections.push((Connection::open(self.server.address).await?, requests));
        }

        let begin = Instant::now() + self.warm_up;
        let times = Times { begin, end: begin + self.window, stop: begin + self.window + TAIL };
        let mut tasks = JoinSet::new();
        for (connection, requests) in connections {
            tasks.spawn(drive(self.server.address, connection, requests, times));
        }

        // `/proc` is read on another thread, so that the requests do not wait for it.
        let roots = self.server.roots();
        tokio::time::sleep_until(times.begin.into()).await;
        let at_begin = read_cpu(roots.clone()).await?;
        tokio::time::sleep_until(times.end.into()).await;
        let at_end = read_cpu(roots.clone()).await?;
        let loaded_bytes = tokio::task::spawn_blocking(move || process::proportional_bytes(&process::tree(&roots))).await?;

        let Ok(samples) = tokio::time::timeout(TAIL + PATIENCE, tasks.join_all()).await else {
            return fail(format!("{} left requests unanswered for 20 s", self.server.dialect.name()));
        };
        let mut all = Sample::default();
        for sample in samples {
            all.latencies.extend(sample.latencies);
            all.successes += sample.successes;
            all.failures.join(sample.failures);
        }
        all.latencies.sort_unstable();
        Ok(Run {
            requests: all.latencies.len(),
            per_second: all.latencies.len() as f64 / self.window.as_secs_f64(),
            p50: percentile(&all.latencies, 0.50),
            p99: percentile(&all.latencies, 0.99),
            cpu: at_end.since(&at_begin),
            loaded_bytes: (loaded_bytes > 0).then_some(loaded_bytes),
            successes: all.successes,
            failures: all.failures,
        })
    }
}

#[derive(Clone, Copy)]
struct Times {
    begin: Instant,
    end: Instant,
    stop: Instant,
}

#[derive(Default)]
struct Sample {
    /// Microseconds of the requests answered within the window.
    latencies: Vec<u32>,
    successes: u64,
    failures: Failures,
}

async fn drive(address: SocketAddr, mut connection: Connection, mut requests: Requests, times: Times) -> Sample {
    let mut sample = Sample::default();
    let mut request = Vec::with_capacity(2_048);
    let mut failures_in_a_row = 0;
    let mut sent = Instant::now();
    while sent < times.stop && failures_in_a_row < MOST_FAILURES {
        requests.next(&mut request);
        let mut is_broken = false;
        let mut is_good = false;
        match connection.exchange(&request).await {
            Ok(answer) if !answer.is_success() => {
                sample.failures.add(&format!("status {}", answer.status), || excerpt(answer.body));
            }
            Ok(answer) if !requests.is_answered_by(answer.body) => {
                sample.failures.add("another answer than asked for", || excerpt(answer.body));
            }
            Ok(_) => is_good = true,
            Err(error) => {
                sample.failures.add("connection", || error.to_string());
                is_broken = true;
            }
        }
        let answered = Instant::now();
        if is_good {
            failures_in_a_row = 0;
            sample.successes += 1;
            if (times.begin..=times.end).contains(&answered) {
                sample.latencies.push(u32::try_from((answered - sent).as_micros()).unwrap_or(u32::MAX));
            }
        } else {
            failures_in_a_row += 1;
        }
        if is_broken && let Ok(new) = Connection::open(address).await {
            connection = new;
        }
        sent = answered;
    }
    sample
}

async fn read_cpu(roots: Vec<u32>) -> Result<CpuReading> {
    Ok(tokio::task::spawn_blocking(move || CpuReading::take(&roots)).await?)
}

fn percentile(sorted: &[u32], share: f64) -> f64 {
    let index = ((sorted.len() as f64 * share).ceil() as usize).saturating_sub(1);
    sorted.get(index).map_or(f64::NAN, |micros| f64::from(*micros) / 1_000.0)
}

fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned()
}
