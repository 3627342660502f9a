use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter, UpDownCounter};
use sqlx::PgPool;

/// Most of what is done here takes less than a millisecond; the slowest that is waited for at all takes 20 s.
const SECONDS: [f64; 15] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 20.0];
/// Of requests that go to PostgreSQL together.
const COUNTS: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// What is measured of the transactors, of the readers by key and of who waits for a snapshot.
pub(crate) struct Metrics {
    pub(crate) group_size: Histogram<u64>,
    queue_wait: Histogram<f64>,
    pub(crate) queue_length: UpDownCounter<i64>,
    lock_wait: Histogram<f64>,
    lock_held: Histogram<f64>,
    writes: Counter<u64>,
    pub(crate) facts: Counter<u64>,
    pub(crate) batch_size: Histogram<u64>,
    turn_wait: Histogram<f64>,
}

/// What became of a write.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WriteOutcome {
    Committed,
    /// The answer of the first time was given again.
    Repeated,
    /// By what the caller asked for.
    Refused,
    /// For a reason that lies here.
    Failed,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = meter();
        let seconds = |name, description| {
            meter.f64_histogram(name).with_unit("s").with_description(description).with_boundaries(SECONDS.to_vec()).build()
        };
        let count = |name, unit, description| {
            meter.u64_histogram(name).with_unit(unit).with_description(description).with_boundaries(COUNTS.to_vec()).build()
        };
        let metrics = Self {
            group_size: count("ddb.transactor.group.size", "{write}", "Writes that were taken up together"),
            queue_wait: seconds("ddb.transactor.queue.wait", "From a write's arrival until its group begins"),
            queue_length: meter
                .i64_up_down_counter("ddb.transactor.queue.length")
                .with_unit("{write}")
                .with_description("Writes that wait for their group")
                .build(),
            lock_wait: seconds("ddb.transactor.lock.wait", "How long a group waited for the lock of its namespace"),
            lock_held: seconds("ddb.transactor.lock.held", "How long a group held the lock, its commit included"),
            writes: meter
                .u64_counter("ddb.transactor.writes")
                .with_unit("{write}")
                .with_description(
                    "Writes that were answered, by outcome: committed, repeated (the answer of the first time), refused, failed",
                )
                .build(),
            facts: meter
                .u64_counter("ddb.transactor.facts")
                .with_unit("{fact}")
                .with_description("Facts that this process has added to the log")
                .build(),
            turn_wait: seconds("ddb.query.turn.wait", "How long a query that no index serves waited for its turn"),
            batch_size: count("ddb.reader.batch.size", "{read}", "Reads by key that went to PostgreSQL in one statement"),
        };
        // What has not happened yet is 0, not unknown.
        for outcome in [WriteOutcome::Committed, WriteOutcome::Repeated, WriteOutcome::Refused, WriteOutcome::Failed] {
            metrics.count_writes(outcome, 0);
        }
        metrics
    }

    pub(crate) fn queue_wait(&self, took: Duration) {
        self.queue_wait.record(took.as_secs_f64(), &[]);
    }

    pub(crate) fn turn_wait(&self, took: Duration) {
        self.turn_wait.record(took.as_secs_f64(), &[]);
    }

    pub(crate) fn lock_wait(&self, took: Duration) {
        self.lock_wait.record(took.as_secs_f64(), &[]);
    }

    pub(crate) fn lock_held(&self, took: Duration) {
        self.lock_held.record(took.as_secs_f64(), &[]);
    }

    pub(crate) fn write(&self, outcome: WriteOutcome) {
        self.count_writes(outcome, 1);
    }

    fn count_writes(&self, outcome: WriteOutcome, writes: u64) {
        let outcome = match outcome {
            WriteOutcome::Committed => "committed",
            WriteOutcome::Repeated => "repeated",
            WriteOutcome::Refused => "refused",
            WriteOutcome::Failed => "failed",
        };
        self.writes.add(writes, &[KeyValue::new("outcome", outcome)]);
    }
}

/// How long somebody waited for a connection of a pool.
#[derive(Debug, Clone)]
pub(crate) struct PoolMetrics {
    wait: Histogram<f64>,
    pool: KeyValue,
}

impl PoolMetrics {
    /// Also tells, whenever metrics are read, how many connections the pool has.
    pub(crate) fn of(pool: &PgPool, name: &'static str) -> Self {
        let meter = meter();
        let label = KeyValue::new("pool", name);
        let (observed, of_pool) = (pool.clone(), label.clone());
        meter
            .u64_observable_gauge("ddb.pool.connections")
            .with_unit("{connection}")
            .with_description("Connections to PostgreSQL in a pool, by pool and state: used, idle")
            .with_callback(move |observer| {
                let idle = observed.num_idle() as u64;
                let used = u64::from(observed.size()).saturating_sub(idle);
                observer.observe(idle, &[of_pool.clone(), KeyValue::new("state", "idle")]);
                observer.observe(used, &[of_pool.clone(), KeyValue::new("state", "used")]);
            })
            .build();
        let wait = meter
            .f64_histogram("ddb.pool.wait")
            .with_unit("s")
            .with_description("How long a request waited for a connection of a pool, by pool")
            .with_boundaries(SECONDS.to_vec())
            .build();
        Self { wait, pool: label }
    }

    pub(crate) fn waited(&self, took: Duration) {
        self.wait.record(took.as_secs_f64(), std::slice::from_ref(&self.pool));
    }
}

fn meter() -> Meter {
    opentelemetry::global::meter("ddb")
}
