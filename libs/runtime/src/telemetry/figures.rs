use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ddb_postgres::Space;
use ddb_store::{Growth, Statistics, Store};
use opentelemetry::metrics::Meter;

use crate::service::Task;

/// Figures that are younger are not asked for again.
const FRESH: Duration = Duration::from_secs(5);
/// Those of growth, which cost PostgreSQL more and change slowly.
const GROWTH_FRESH: Duration = Duration::from_secs(15);
/// How long PostgreSQL, or the disk, may take to tell them; who reads metrics does not wait longer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often they are asked for where a collector is told of them.
const EVERY: Duration = Duration::from_secs(30);

/// What PostgreSQL and the disk tell, kept for who reads metrics: reading waits for nobody. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Figures(Arc<Inner>);

struct Inner {
    store: Store,
    /// Where the embedded PostgreSQL has its data; None where that lies elsewhere.
    disk: Option<PathBuf>,
    /// When they were asked for; held while they are.
    asked: tokio::sync::Mutex<Asked>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Asked {
    statistics: Option<Instant>,
    growth: Option<Instant>,
}

#[derive(Clone, Copy, Default)]
struct Known {
    /// None before the first question; then, whether PostgreSQL answered.
    is_up: Option<bool>,
    statistics: Option<Statistics>,
    growth: Option<Growth>,
    space: Option<Space>,
}

impl Figures {
    pub(crate) fn new(store: Store, disk: Option<PathBuf>) -> Self {
        let (asked, known) = (tokio::sync::Mutex::default(), Mutex::default());
        let figures = Self(Arc::new(Inner { store, disk, asked, known }));
        figures.observe(&opentelemetry::global::meter("ddb"));
        figures
    }

    /// Asks PostgreSQL and the disk, unless that was just done. What does not answer in time is not there.
    pub(crate) async fn refresh(&self) {
        let figures = self.clone();
        // By itself, because it is for all who ask: one who goes away must not take it along. It ends within a few seconds.
        let asking = tokio::spawn(async move { figures.ask().await });
        let _ = tokio::time::timeout(PATIENCE + PATIENCE, asking).await;
    }

    async fn ask(&self) {
        let mut asked = self.0.asked.lock().await;
        let is_fresh = |asked: Option<Instant>, fresh| asked.is_some_and(|asked| asked.elapsed() < fresh);
        if is_fresh(asked.statistics, FRESH) {
            return;
        }
        let of_growth = !is_fresh(asked.growth, GROWTH_FRESH);
        let store = &self.0.store;
        let statistics = tokio::time::timeout(PATIENCE, store.statistics());
        let growth = async {
            if of_growth { tokio::time::timeout(PATIENCE, store.growth()).await.ok()?.ok() } else { self.known().growth }
        };
        let disk = self.0.disk.clone();
        let space = async {
            let space = tokio::task::spawn_blocking(move || Space::of_cluster(disk.as_deref()?).ok());
            tokio::time::timeout(PATIENCE, space).await.ok()?.ok()?
        };
        let (statistics, growth, space) = tokio::join!(statistics, growth, space);
        let statistics = statistics.ok().and_then(Result::ok);
        *self.known() = Known { is_up: Some(statistics.is_some()), statistics, growth, space };
        asked.statistics = Some(Instant::now());
        if of_growth {
            asked.growth = asked.statistics;
        }
    }

    /// For a collector, which does not ask.
    pub(crate) fn keep_fresh(&self) -> Task {
        let figures = self.clone();
        Task::new("figures", async move |stop| {
            let refreshing = async {
                loop {
                    figures.refresh().await;
                    tokio::time::sleep(EVERY).await;
                }
            };
            stop.run_until_cancelled(refreshing).await;
            Ok(())
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn observe(&self, meter: &Meter) {
        self.gauge(meter, "ddb.postgresql.up", "", "1 where PostgreSQL answered within 2 s, else 0", |known| {
            known.is_up.map(|is_up| f64::from(u8::from(is_up)))
        });
        let of_statistics = |name, unit, description, read: fn(Statistics) -> f64| {
            self.gauge(meter, name, unit, description, move |known| known.statistics.map(read));
        };
        of_statistics(
            "ddb.postgresql.connections",
            "{connection}",
            "Connections to the database, those of other programs too",
            |it| it.connections as f64,
        );
        of_statistics("ddb.postgresql.connections.max", "{connection}", "Connections that PostgreSQL takes at most", |it| {
            it.max_connections as f64
        });
        of_statistics(
            "ddb.postgresql.oldest_transaction",
            "s",
            "How long the oldest open transaction has been that the database role may see; one that is forgotten keeps the disk from being cleaned",
            |it| it.oldest_transaction,
        );
        let sum_of_statistics = |name, unit, description, read: fn(Statistics) -> i64| {
            self.counter(meter, name, unit, description, move |known| known.statistics.map(read));
        };
        sum_of_statistics("ddb.postgresql.commits", "{transaction}", "Transactions of PostgreSQL that were committed", |it| {
            it.commits
        });
        sum_of_statistics(
            "ddb.postgresql.rollbacks",
            "{transaction}",
            "Transactions of PostgreSQL that were rolled back",
            |it| it.rollbacks,
        );
        sum_of_statistics("ddb.postgresql.deadlocks", "{deadlock}", "Deadlocks", |it| it.deadlocks);
        sum_of_statistics("ddb.postgresql.blocks.read", "{block}", "Pages of 8 KB that PostgreSQL had to fetch", |it| {
            it.blocks_read
        });
        sum_of_statistics("ddb.postgresql.blocks.hit", "{block}", "Pages of 8 KB that PostgreSQL had in memory", |it| {
            it.blocks_hit
        });
        sum_of_statistics(
            "ddb.postgresql.temporary",
            "By",
            "Written to temporary files, by sorts that did not fit into memory",
            |it| it.temporary_bytes,
        );
        sum_of_statistics("ddb.postgresql.wal", "By", "Write-ahead log that PostgreSQL has written", |it| it.wal_bytes);

        let of_growth = |name, unit, description, read: fn(Growth) -> Option<f64>| {
            self.gauge(meter, name, unit, description, move |known| known.growth.and_then(read));
        };
        of_growth("ddb.database.size", "By", "All that PostgreSQL holds for the database", |it| Some(it.database_bytes as f64));
        of_growth("ddb.records.size", "By", "The newest state of all records, with its indexes", |it| {
            Some(it.records_bytes as f64)
        });
        of_growth("ddb.records", "{record}", "Records, as PostgreSQL estimates", |it| Some(it.records as f64));
        of_growth("ddb.log.size", "By", "The log of facts, with its indexes", |it| Some(it.log_bytes as f64));
        of_growth("ddb.log.facts", "{fact}", "Facts in the log, as PostgreSQL estimates", |it| Some(it.facts as f64));
        of_growth("ddb.log.transactions", "{transaction}", "Transactions in the log, of all namespaces", |it| {
            Some(it.transactions as f64)
        });
        of_growth("ddb.log.growth", "By/d", "What is added to the log in a day, by the last seven", |it| {
            Some(it.log_bytes_per_day())
        });
        of_growth("ddb.record.size", "By", "What a record takes with its whole history, on average", |it| it.bytes_per_record());

        let of_space = |name, description, read: fn(Space) -> u64| {
            self.gauge(meter, name, "By", description, move |known| known.space.map(|space| read(space) as f64));
        };
        of_space("ddb.disk.free", "Free on the disk of the data directory", |it| it.free);
        of_space("ddb.disk.size", "The disk of the data directory, without what is kept for root", |it| it.total);
        self.gauge(
            meter,
            "ddb.disk.full_in",
            "d",
            "Days until so little is free that writes are refused, at the pace of the last seven",
            |known| known.growth.and_then(|growth| growth.days_until_full(known.space?.until_kept())),
        );
    }

    fn gauge(
        &self,
        meter: &Meter,
        name: &'static str,
        unit: &'static str,
        description: &'static str,
        read: impl Fn(Known) -> Option<f64> + Send + Sync + 'static,
    ) {
        let figures = self.clone();
        meter
            .f64_observable_gauge(name)
            .with_unit(unit)
            .with_description(description)
            .with_callback(move |observer| {
                let known = *figures.known();
                if let Some(value) = read(known) {
                    observer.observe(value, &[]);
                }
            })
            .build();
    }

    fn counter(
        &self,
        meter: &Meter,
        name: &'static str,
        unit: &'static str,
        description: &'static str,
        read: impl Fn(Known) -> Option<i64> + Send + Sync + 'static,
    ) {
        let figures = self.clone();
        meter
            .u64_observable_counter(name)
            .with_unit(unit)
            .with_description(description)
            .with_callback(move |observer| {
                let known = *figures.known();
                if let Some(value) = read(known) {
                    observer.observe(value.unsigned_abs(), &[]);
                }
            })
            .build();
    }
}
