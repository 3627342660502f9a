//! The job that takes away what is left of erased records.

use std::sync::Arc;
use std::time::Duration;

use ddb_core::{NamespaceId, Result};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgExecutor, Row};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::freeing::Freeing;
use super::{facts, owned, rest};
use crate::Store;
use crate::connection::to_error;
use crate::job::Recurring;

/// How often a process looks for erasures to carry out.
const EVERY: Duration = Duration::from_secs(1);
/// How long one run takes, about: a process that is told to end waits for it.
const RUN: Duration = Duration::from_secs(3);
/// How often somebody who waits for the end looks again, where another process is at it.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Erasures that are taken at a time, and so the accounts, at most, that look through the records together.
const BATCH: i64 = 200;
/// The advisory lock of whoever carries erasures out: "DDB" and a two.
const LOCK: &str = "select pg_try_advisory_lock(1145324034, 0)";

/// Not of a removed namespace, which is deleted as a whole.
pub(super) const LIVING: &str = "exists (select from ddb.namespace n where n.id = erasure.namespace and n.name is not null)";

/// An erasure that is recorded and of which something may be left.
pub(super) struct Open {
    pub(super) namespace: NamespaceId,
    pub(super) entity: i64,
    pub(super) tx: i64,
    pub(super) reason: String,
    /// The sort key of the account's key.
    pub(super) owner: Option<Vec<u8>>,
    pub(super) looked_at: i64,
}

/// Carries out what is open, as a job.
pub fn carrier() -> Recurring {
    let freeing = Arc::new(Mutex::new(Freeing::default()));
    let run = move |store| {
        let freeing = freeing.clone();
        Box::pin(async move {
            let mut freeing = freeing.lock().await;
            carry_out(&store, &mut freeing, Some(Instant::now() + RUN)).await.map(drop)
        }) as _
    };
    Recurring { kind: "erasure", every: EVERY, run: Box::new(run) }
}

/// Waits until no row holds anything of what is erased, and helps.
pub async fn finish(store: &Store) -> Result<()> {
    while is_open(store.pool()).await? {
        if !carry_out(store, &mut Freeing::default(), None).await? {
            sleep(LOOK_AGAIN).await;
        }
    }
    Ok(())
}

/// Whether rows may hold something of what is erased.
pub(crate) async fn is_open(executor: impl PgExecutor<'_>) -> Result<bool> {
    let statement = format!("select exists (select from ddb.erasure where done_at is null and cleared_at is null and {LIVING})");
    let row = sqlx::query(AssertSqlSafe(statement)).fetch_one(executor).await.map_err(to_error)?;
    row.try_get(0).map_err(to_error)
}

impl Store {
    /// A number that is another one once something more was erased.
    pub async fn newest_erasure(&self) -> Result<i64> {
        let row =
            sqlx::query("select coalesce(max(number), 0) from ddb.erasure").fetch_one(self.pool()).await.map_err(to_error)?;
        row.try_get(0).map_err(to_error)
    }
}

/// One run, until the time is over; false where another process is at it.
async fn carry_out(store: &Store, freeing: &mut Freeing, until: Option<Instant>) -> Result<bool> {
    let row = sqlx::query("select exists (select from ddb.erasure where done_at is null)")
        .fetch_one(store.pool())
        .await
        .map_err(to_error)?;
    if !row.try_get::<bool, _>(0).map_err(to_error)? {
        return Ok(true);
    }
    let mut connection = PgConnection::connect_with(store.options()).await.map_err(to_error)?;
    // Statements are by key wherever there is one; a plan made while a table was small must not survive its growth.
    let settings = "set statement_timeout = 0; set plan_cache_mode = force_generic_plan; set jit = off; set enable_seqscan = off; \
                    set enable_bitmapscan = off; set enable_hashjoin = off; set enable_mergejoin = off";
    connection.execute(sqlx::raw_sql(settings)).await.map_err(to_error)?;
    // The lock ends with the connection.
    let locked = connection.fetch_one(LOCK).await.map_err(to_error)?;
    if !locked.try_get::<bool, _>(0).map_err(to_error)? {
        return Ok(false);
    }
    let cleared = clear_all(store, &mut connection, until).await;
    // Those that are cleared are done also where something more is erased all the time, and where one fails.
    let concluded =
        if matches!(cleared, Ok(true)) || freeing.is_due() { freeing.conclude(&mut connection).await } else { Ok(()) };
    connection.close().await.map_err(to_error)?;
    concluded.and(cleared)
}

/// False where the time was over before the end.
async fn clear_all(store: &Store, connection: &mut PgConnection, until: Option<Instant>) -> Result<bool> {
    let is_over = || until.is_some_and(|until| Instant::now() >= until);
    loop {
        let open = open(connection).await?;
        if open.is_empty() {
            return Ok(true);
        }
        // What is erased goes first: what belonged to an account is found by looking through all records.
        let mut bare = Vec::with_capacity(open.len());
        let mut failed = None;
        for erasure in &open {
            match facts::clear(connection, erasure, &is_over).await {
                Ok(true) => bare.push(erasure),
                Ok(false) => {}
                Err(error) => failed = Some(error),
            }
        }
        let (accounts, mut cleared): (Vec<&Open>, Vec<&Open>) = bare.into_iter().partition(|erasure| erasure.owner.is_some());
        let swept = owned::sweep(store, connection, accounts, &is_over).await;
        failed = swept.failed.or(failed);
        cleared.extend(swept.done);
        rest::clear(connection, &cleared).await?;
        // The others were not kept waiting for the one that fails; it is tried again.
        if let Some(error) = failed {
            return Err(error);
        }
        if is_over() {
            return Ok(false);
        }
    }
}

pub(super) async fn open(connection: &mut PgConnection) -> Result<Vec<Open>> {
    let statement = format!(
        "
        select namespace, entity, tx, reason, owner, looked_at
        from ddb.erasure
        where done_at is null and cleared_at is null and tx is not null and {LIVING}
        order by owner is not null, namespace, looked_at desc, entity
        limit $1
        "
    );
    let rows = sqlx::query(AssertSqlSafe(statement)).bind(BATCH).fetch_all(connection).await.map_err(to_error)?;
    rows.iter()
        .map(|row| {
            Ok(Open {
                namespace: NamespaceId(row.try_get(0)?),
                entity: row.try_get(1)?,
                tx: row.try_get(2)?,
                reason: row.try_get(3)?,
                owner: row.try_get(4)?,
                looked_at: row.try_get(5)?,
            })
        })
        .collect::<Result<_, sqlx::Error>>()
        .map_err(to_error)
}
