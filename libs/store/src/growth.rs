//! How much there is and how fast it grows, asked of PostgreSQL's own books: nothing is counted, so it costs the same however much there is.

use std::time::Duration;

use ddb_core::Result;
use sqlx::{PgConnection, Row};

use crate::Store;
use crate::connection::to_error;

/// How far back it is looked for what was written. A database that is younger than a day grows by what it holds in a day, so that a first import is
/// not taken for its pace.
const LOOK_BACK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const DAY: f64 = 24.0 * 60.0 * 60.0;
/// How many transactions are looked at for how many facts one has, all namespaces together; of each of them at least `LEAST_LOOKED_AT`.
const LOOKED_AT: i64 = 4_096;
const LEAST_LOOKED_AT: i64 = 8;

/// The whole database in figures. Records and facts are estimates, as PostgreSQL's planner has them; sizes and transactions are exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// Of all namespaces.
    pub transactions: i64,
    pub facts: i64,
    pub records: i64,
    /// Facts, transactions and dictionaries with their indexes, in bytes.
    pub log_bytes: i64,
    /// The projections with their indexes, in bytes.
    pub records_bytes: i64,
    /// Everything that PostgreSQL holds for the database, system rows and its own catalogue too, in bytes.
    pub database_bytes: i64,
    /// Transactions a day, of the last seven days or since the first one.
    pub transactions_per_day: f64,
    /// Facts that were written a day in that time. Retention may have taken some of them out again.
    pub facts_per_day: f64,
}

impl Growth {
    /// What a record takes with its whole history; None while there is none.
    pub fn bytes_per_record(&self) -> Option<f64> {
        (self.records > 0).then(|| (self.log_bytes + self.records_bytes) as f64 / self.records as f64)
    }

    /// What is added to the log a day, before retention takes from it.
    pub fn log_bytes_per_day(&self) -> f64 {
        self.facts_per_day * self.per_fact(self.log_bytes)
    }

    /// The same with the records, which grow at most as fast as the log.
    pub fn bytes_per_day(&self) -> f64 {
        self.facts_per_day * self.per_fact(self.log_bytes + self.records_bytes)
    }

    /// How many days it takes to write as much as is free; None where nothing grows.
    pub fn days_until_full(&self, free_bytes: u64) -> Option<f64> {
        let per_day = self.bytes_per_day();
        (per_day > 0.0).then(|| free_bytes as f64 / per_day)
    }

    fn per_fact(&self, bytes: i64) -> f64 {
        if self.facts > 0 { bytes as f64 / self.facts as f64 } else { 0.0 }
    }
}

impl Store {
    /// Takes some milliseconds, with many tables some tens of them.
    pub async fn growth(&self) -> Result<Growth> {
        let mut lease = self.pool().lease().await?;
        let growth = self.pool().in_time(measure(lease.connection())).await;
        lease.settle(growth)
    }
}

async fn measure(connection: &mut PgConnection) -> Result<Growth> {
    let sizes = sizes(connection).await?;
    let pace = pace(connection).await?;
    // PostgreSQL's statistics learn within seconds of what is written; until then what was written lately is all that there is.
    let facts = if sizes.facts > 0 { sizes.facts } else { pace.recent_facts as i64 };
    Ok(Growth {
        transactions: pace.transactions,
        facts,
        records: sizes.records,
        log_bytes: sizes.log_bytes,
        records_bytes: sizes.records_bytes,
        database_bytes: sizes.database_bytes,
        transactions_per_day: pace.recent_transactions / pace.days,
        facts_per_day: pace.recent_facts / pace.days,
    })
}

struct Sizes {
    facts: i64,
    records: i64,
    log_bytes: i64,
    records_bytes: i64,
    database_bytes: i64,
}

/// Rows are estimated as the planner does it: the rows per page that VACUUM or ANALYZE last found, times the pages of now. What they have not seen yet
/// is small, and the statistics of writes know it.
async fn sizes(connection: &mut PgConnection) -> Result<Sizes> {
    let row = sqlx::query(
        "
        with relation as (
            select c.oid, n.nspname, c.relname,
                   case when c.reltuples > 0 and c.relpages > 0
                        then c.reltuples::float8 / c.relpages * (pg_relation_size(c.oid) / current_setting('block_size')::int)
                        else pg_stat_get_live_tuples(c.oid)
                   end as rows
            from pg_class c
            join pg_namespace n on n.oid = c.relnamespace
            where c.relkind = 'r'
                and (n.nspname = 'ddb_data' or n.nspname = 'ddb' and c.relname in ('triple', 'tx', 'entity', 'attribute'))
        )
        select coalesce(sum(rows) filter (where nspname = 'ddb' and relname = 'triple'), 0)::bigint,
               coalesce(sum(rows) filter (where nspname = 'ddb_data'), 0)::bigint,
               coalesce(sum(pg_total_relation_size(oid)) filter (where nspname = 'ddb'), 0)::bigint,
               coalesce(sum(pg_total_relation_size(oid)) filter (where nspname = 'ddb_data'), 0)::bigint,
               pg_database_size(current_database())
        from relation
        ",
    )
    .persistent(false)
    .fetch_one(connection)
    .await
    .map_err(to_error)?;
    Ok(Sizes {
        facts: row.try_get(0).map_err(to_error)?,
        records: row.try_get(1).map_err(to_error)?,
        log_bytes: row.try_get(2).map_err(to_error)?,
        records_bytes: row.try_get(3).map_err(to_error)?,
        database_bytes: row.try_get(4).map_err(to_error)?,
    })
}

struct Pace {
    transactions: i64,
    recent_transactions: f64,
    recent_facts: f64,
    /// Since the first transaction of all: one at least, seven at most.
    days: f64,
}

/// Numbers of transactions have no gaps and their times never go back, so the first one of the last days is found by halving, and how many there were
/// since is a difference. How many facts they have is taken from some that lie evenly between.
async fn pace(connection: &mut PgConnection) -> Result<Pace> {
    let row = sqlx::query(
        "
        with recursive clock as materialized (
            select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now
        ),
        head as materialized (
            select n.id as namespace, newest.tx, oldest.time as since
            from ddb.namespace n
            cross join lateral (select tx from ddb.tx where namespace = n.id order by tx desc limit 1) newest
            cross join lateral (select time from ddb.tx where namespace = n.id order by tx limit 1) oldest
            where n.name is not null
        ),
        halving as (
            select namespace, 0::bigint as before, tx + 1 as from_here from head
            union all
            select h.namespace,
                   case when m.is_old then m.tx else h.before end,
                   case when m.is_old then h.from_here else m.tx end
            from halving h
            cross join lateral (
                select middle.tx,
                       (select t.time from ddb.tx t where t.namespace = h.namespace and t.tx = middle.tx)
                           < (select now from clock) - $1 as is_old
                from (select (h.before + h.from_here) / 2 as tx) middle
            ) m
            where h.from_here - h.before > 1
        ),
        recent as materialized (
            select head.namespace, halving.from_here as first, head.tx as last, head.tx - halving.from_here + 1 as transactions
            from halving
            join head using (namespace)
            where halving.from_here - halving.before <= 1
        ),
        looked_at as (
            select namespace, first, last, transactions,
                   greatest(1, transactions / greatest($3, $2 / count(*) over ())) as step
            from recent
            where transactions > 0
        ),
        written as (
            select transactions,
                   (
                       select avg((select t.fact_count from ddb.tx t where t.namespace = l.namespace and t.tx = sample.tx))
                       from generate_series(last, first, -step) sample(tx)
                   ) as facts
            from looked_at l
        )
        select (select coalesce(sum(tx), 0)::bigint from head),
               coalesce(sum(transactions), 0)::float8,
               coalesce(sum(transactions * facts), 0)::float8,
               coalesce((select now from clock) - (select min(since) from head), 0)::float8 / 1000000
        from written
        ",
    )
    .persistent(false)
    .bind(LOOK_BACK.as_micros() as i64)
    .bind(LOOKED_AT)
    .bind(LEAST_LOOKED_AT)
    .fetch_one(connection)
    .await
    .map_err(to_error)?;
    let seconds: f64 = row.try_get(3).map_err(to_error)?;
    Ok(Pace {
        transactions: row.try_get(0).map_err(to_error)?,
        recent_transactions: row.try_get(1).map_err(to_error)?,
        recent_facts: row.try_get(2).map_err(to_error)?,
        days: (seconds / DAY).clamp(1.0, LOOK_BACK.as_secs_f64() / DAY),
    })
}
