use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram};

const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 2.5, 10.0];

/// What is measured of queries.
pub(crate) struct Metrics {
    duration: Histogram<f64>,
    scanned: Counter<u64>,
    answer_cache: Counter<u64>,
}

/// How a question about a table is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// It was not: it was refused, or the caller sees nothing of the table.
    None,
    /// One statement that an index serves.
    Index,
    /// By looking through the table, in the order of an index.
    Scan,
    /// By looking through the whole table and sorting what matches.
    Sort,
    Count,
}

impl Plan {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Index => "index",
            Self::Scan => "scan",
            Self::Sort => "sort",
            Self::Count => "count",
        }
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = opentelemetry::global::meter("ddb");
        Self {
            duration: meter
                .f64_histogram("ddb.query.duration")
                .with_unit("s")
                .with_description("Questions about a table, by plan: index (one statement), scan (looks through the table in the order of an index), sort (looks through all of it), count, none")
                .with_boundaries(SECONDS.to_vec())
                .build(),
            scanned: meter
                .u64_counter("ddb.query.scanned")
                .with_unit("{record}")
                .with_description("Records that queries read, by plan; those that PostgreSQL counts by itself are not among them")
                .build(),
            answer_cache: meter
                .u64_counter("ddb.answer_cache.requests")
                .with_unit("{request}")
                .with_description("Lists and queries that might have been answered from the cache, by outcome: hit, miss")
                .build(),
        }
    }

    pub(crate) fn query(&self, plan: Plan, took: Duration, scanned: usize) {
        let plan = [KeyValue::new("plan", plan.name())];
        self.duration.record(took.as_secs_f64(), &plan);
        self.scanned.add(scanned as u64, &plan);
    }

    pub(crate) fn answer_cache(&self, hit: bool) {
        self.answer_cache.add(1, &[KeyValue::new("outcome", if hit { "hit" } else { "miss" })]);
    }
}
