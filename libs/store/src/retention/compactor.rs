//! The job that prunes.

use std::time::Duration;

use ddb_core::{Result, Timestamp, Tx};
use sqlx::{Connection, Executor, PgConnection, Row};
use tokio::time::Instant;

use super::drop::Droppable;
use super::fact::Pruned;
use super::table::{Table, due, reread};
use super::{TxSet, settings, window};
use crate::connection::to_error;
use crate::job::Recurring;
use crate::past::newest_at;
use crate::{Allowance, Store, Write};

/// How often a process looks for tables that are due.
const EVERY: Duration = Duration::from_secs(1);
/// How long one run takes, about: a process that is told to end waits for it.
const RUN: Duration = Duration::from_secs(5);
/// A table is looked at again after a part of the time that its past is kept, within these bounds: each time may cost a transaction, which is never pruned.
const PART: i64 = 50;
const SHORTEST: i64 = 600 * 1_000_000;
const LONGEST: i64 = 24 * 3600 * 1_000_000;
/// Fewer transactions than these are dropped along with the next move of a horizon, unless somebody has just asked.
const WORTHWHILE: i64 = 1_000;
/// The advisory lock of whoever prunes: "DDB" and a three.
const LOCK: &str = "select pg_try_advisory_lock(1145324035, 0)";

/// Prunes what is due, as a job.
pub fn compactor() -> Recurring {
    let run = |store| Box::pin(async move { prune(&store, Some(Instant::now() + RUN)).await.map(std::mem::drop) }) as _;
    Recurring { kind: "compaction", every: EVERY, run: Box::new(run) }
}

/// Prunes all that is due now; false where another process is at it.
pub async fn run(store: &Store) -> Result<bool> {
    prune(store, None).await
}

async fn prune(store: &Store, until: Option<Instant>) -> Result<bool> {
    let mut pooled = store.pool().lease().await?;
    let found = due(pooled.connection()).await;
    if pooled.settle(found)?.is_empty() {
        return Ok(true);
    }
    let mut connection = PgConnection::connect_with(store.options()).await.map_err(to_error)?;
    // Statements are by key, or by a range of transactions; a plan made while a table was small must not survive its growth.
    let settings = "set statement_timeout = 0; set plan_cache_mode = force_generic_plan; set jit = off; set enable_seqscan = off; \
                    set enable_mergejoin = off";
    connection.execute(sqlx::raw_sql(settings)).await.map_err(to_error)?;
    // The lock ends with the connection.
    let locked = connection.fetch_one(LOCK).await.map_err(to_error)?;
    if !locked.try_get::<bool, _>(0).map_err(to_error)? {
        return Ok(false);
    }
    // Anew: whoever had the lock may have moved on.
    let tables = due(&mut connection).await?;
    let is_over = || until.is_some_and(|until| Instant::now() >= until);
    let mut failed = None;
    for table in tables {
        // One table that fails keeps no other one waiting; it is tried again.
        if let Err(error) = prune_table(store, &mut connection, table, &is_over).await {
            failed = Some(error);
        }
        if is_over() {
            break;
        }
    }
    connection.close().await.map_err(to_error)?;
    failed.map_or(Ok(true), Err)
}

/// Moves the horizon on, reduces what was superseded before it, and drops what is left of transactions without anything else.
async fn prune_table(
    store: &Store,
    connection: &mut PgConnection,
    table: Table,
    is_over: &(impl Fn() -> bool + Sync),
) -> Result<()> {
    let Some((mut table, now)) = move_on(store, connection, &table).await? else { return Ok(()) };
    while table.superseded_to < table.horizon {
        table.superseded_to = window::reduce(connection, &table).await?;
        if is_over() {
            return Ok(());
        }
    }
    // Whatever becomes of the rest, this table is done with.
    look_again(connection, &table, now).await?;
    while Droppable::count(connection, table.namespace).await? >= if table.was_asked { 1 } else { WORTHWHILE } {
        let droppable = Droppable::next(connection, table.namespace).await?;
        say(store, &table, table.horizon, droppable.set()).await?;
        droppable.carry_out(connection).await?;
        if is_over() {
            return Ok(());
        }
    }
    Ok(())
}

/// Moves the horizon of a table on and drops what can be, in the same transaction of the log. Nobody says meanwhile that the past is kept for longer. Gives the
/// table as it is then, and PostgreSQL's clock; None where it is gone.
async fn move_on(store: &Store, connection: &mut PgConnection, table: &Table) -> Result<Option<(Table, i64)>> {
    settings::lock(connection, table.namespace).await?;
    let moved = moved(store, connection, table).await;
    settings::unlock(connection, table.namespace).await?;
    moved
}

async fn moved(store: &Store, connection: &mut PgConnection, table: &Table) -> Result<Option<(Table, i64)>> {
    let Some((mut table, head, now)) = reread(connection, table).await? else { return Ok(None) };
    let Some(keeps) = table.keeps else { return Ok(Some((table, now))) };
    let target = match keeps {
        0 => head,
        keeps => newest_at(connection, table.namespace, head, Timestamp(now.saturating_sub(keeps))).await?,
    };
    if target > table.horizon.max(table.superseded_to) {
        if window::has_facts(connection, &table, target).await? {
            let droppable = Droppable::next(connection, table.namespace).await?;
            say(store, &table, target, droppable.set()).await?;
            table.horizon = target;
            if !droppable.is_empty() {
                droppable.carry_out(connection).await?;
            }
        } else {
            // So that it is not looked through again; states before are as they are.
            window::look_on_from(connection, &table, target).await?;
            table.superseded_to = target;
        }
    }
    Ok(Some((table, now)))
}

async fn say(store: &Store, table: &Table, horizon: Tx, dropped: TxSet) -> Result<()> {
    store
        .write(Write {
            namespace: table.namespace,
            actor: None,
            request: None,
            steps: vec![Pruned { horizon, dropped }.step(table.name.clone())],
            allowance: Allowance::ANY,
            system: Vec::new(),
        })
        .await?;
    Ok(())
}

/// Not where somebody has just said that the past is kept for another time.
async fn look_again(connection: &mut PgConnection, table: &Table, now: i64) -> Result<()> {
    let Some(keeps) = table.keeps else { return Ok(()) };
    sqlx::query(
        "
        update ddb.data_table t
        set prune_at = $4
        from ddb.namespace n
        where t.namespace = $1 and t.id = $2 and n.id = t.namespace and coalesce(t.history, n.history) = $3
        ",
    )
    .bind(table.namespace.0)
    .bind(table.id.0)
    .bind(keeps)
    .bind(now + (keeps / PART).clamp(SHORTEST, LONGEST))
    .execute(connection)
    .await
    .map_err(to_error)?;
    Ok(())
}
