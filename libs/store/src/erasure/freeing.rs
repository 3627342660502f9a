//! Freeing the pages that held what is erased: PostgreSQL keeps a row that was changed or removed for as long as a snapshot may see it.

use std::time::Duration;

use ddb_core::{NamespaceId, Result, TableId};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use tokio::time::{Instant, sleep};

use super::carry_out::LIVING;
use super::vacuum;
use crate::connection::to_error;

/// How often pages are freed while there is more to clear: that looks through whole relations.
const EVERY: Duration = Duration::from_secs(10);
/// How long those are waited for who are just reading.
const PATIENCE: Duration = Duration::from_millis(500);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What a process knows of rows that PostgreSQL may have kept.
#[derive(Default)]
pub(super) struct Freeing {
    kept: Option<Kept>,
    vacuumed: Option<Instant>,
}

/// Erasures whose rows were vacuumed while an older snapshot was there.
#[derive(Clone, Copy)]
struct Kept {
    /// Of the erasures that were cleared until then.
    cleared_at: i64,
    /// Once no snapshot is older than this transaction, vacuuming takes their rows away.
    transaction: i64,
}

impl Freeing {
    pub(super) fn is_due(&self) -> bool {
        self.vacuumed.is_none_or(|vacuumed| vacuumed.elapsed() >= EVERY)
    }

    /// Rows are gone; the pages that held them follow, and the erasures are done once they have. While an older snapshot is there (a backup, say), it is
    /// vacuumed once and not again and again.
    pub(super) async fn conclude(&mut self, connection: &mut PgConnection) -> Result<()> {
        let tables = tables(connection).await?;
        if tables.is_empty() {
            self.kept = None;
            return Ok(());
        }
        let now = Kept { cleared_at: last_cleared(connection).await?, transaction: next_transaction(connection).await? };
        let kept = match self.kept.filter(|kept| kept.cleared_at == now.cleared_at) {
            Some(kept) if oldest_snapshot(connection).await? < kept.transaction => return Ok(()),
            Some(kept) => kept,
            None => now,
        };
        let is_free = is_past(connection, kept.transaction).await?;
        vacuum::vacuum_after_erasure(connection, &tables).await?;
        if is_free {
            done(connection, kept.cleared_at).await?;
        }
        self.kept = (!is_free).then_some(kept);
        self.vacuumed = Some(Instant::now());
        Ok(())
    }
}

/// Of records that are cleared and not done.
async fn tables(connection: &mut PgConnection) -> Result<Vec<(NamespaceId, TableId)>> {
    let statement = format!(
        "
        select distinct erasure.namespace, e.table_id
        from ddb.erasure
        join ddb.entity e on e.namespace = erasure.namespace and e.id = erasure.entity
        where erasure.done_at is null and erasure.cleared_at is not null and {LIVING}
        "
    );
    let rows = sqlx::query(AssertSqlSafe(statement)).fetch_all(connection).await.map_err(to_error)?;
    rows.iter()
        .map(|row| Ok((NamespaceId(row.try_get(0)?), TableId(row.try_get(1)?))))
        .collect::<Result<_, sqlx::Error>>()
        .map_err(to_error)
}

async fn last_cleared(connection: &mut PgConnection) -> Result<i64> {
    number(connection, "select coalesce(max(cleared_at), 0) from ddb.erasure where done_at is null and cleared_at is not null")
        .await
}

/// Everything that is committed has a smaller number.
async fn next_transaction(connection: &mut PgConnection) -> Result<i64> {
    number(connection, "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint").await
}

/// What vacuuming goes by, or an older one: nobody sees, or may come to see, what a transaction before it has replaced.
async fn oldest_snapshot(connection: &mut PgConnection) -> Result<i64> {
    let statement = "
        select pg_snapshot_xmax(pg_current_snapshot())::text::bigint - coalesce(max(age(held.xmin)), 0)
        from (
            select unnest(array[backend_xmin, backend_xid])
            from pg_stat_activity
            where (datname = current_database() or backend_type = 'walsender') and pid <> pg_backend_pid()
            union all
            select transaction from pg_prepared_xacts where database = current_database()
            union all
            select xmin from pg_replication_slots
        ) held (xmin)
        where held.xmin is not null";
    number(connection, statement).await
}

async fn is_past(connection: &mut PgConnection, transaction: i64) -> Result<bool> {
    let end = Instant::now() + PATIENCE;
    while oldest_snapshot(connection).await? < transaction {
        if Instant::now() >= end {
            return Ok(false);
        }
        sleep(LOOK_AGAIN).await;
    }
    Ok(true)
}

async fn done(connection: &mut PgConnection, cleared_at: i64) -> Result<()> {
    sqlx::query(
        "
        update ddb.erasure
        set done_at = (extract(epoch from clock_timestamp()) * 1000000)::bigint
        where done_at is null and cleared_at <= $1
        ",
    )
    .bind(cleared_at)
    .execute(connection)
    .await
    .map_err(to_error)?;
    Ok(())
}

async fn number(connection: &mut PgConnection, statement: &'static str) -> Result<i64> {
    let row = sqlx::query(statement).fetch_one(connection).await.map_err(to_error)?;
    row.try_get(0).map_err(to_error)
}
