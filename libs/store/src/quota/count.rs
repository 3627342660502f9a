//! Counts what a namespace holds, while it is written to.
//!
//! From the transaction that sets the first limit, the transactor adds to the counters what changes. The job empties them under the lock and takes a
//! snapshot while it holds it: the snapshot shows the state at which they began anew. What it counts there is added to them, piece by piece, and with the
//! last piece the limits are enforced. Whoever is interrupted leaves it to the next run, which begins again.

use std::time::Duration;

use ddb_core::{NamespaceId, Result, doc};
use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use super::{Usage, Usages, begin};
use crate::connection::to_error;
use crate::index::raise;
use crate::job::Recurring;
use crate::verify::snapshot;
use crate::{Store, catalogue, projection};

/// How often namespaces are looked for whose records are not counted.
const EVERY: Duration = Duration::from_secs(1);
/// Counters that are added to under the lock at a time.
const PART: usize = 1_000;
/// Classifies the advisory locks of those who count.
const LOCK_CLASS: i32 = 0x4444_4251;

/// The counting as a job.
pub fn counter() -> Recurring {
    Recurring { kind: "count_usage", every: EVERY, run: Box::new(|store| Box::pin(async move { count_all(&store).await })) }
}

async fn count_all(store: &Store) -> Result<()> {
    let rows = sqlx::query("select namespace from ddb.quota where state = 'counting'")
        .fetch_all(store.pool())
        .await
        .map_err(to_error)?;
    for row in rows {
        let namespace = NamespaceId(row.try_get(0).map_err(to_error)?);
        if let Err(error) = count(store, namespace).await {
            // The others are counted all the same; this one is tried again.
            tracing::warn!(error = error.told(), %namespace, "the records of a namespace could not be counted");
        }
    }
    Ok(())
}

async fn count(store: &Store, namespace: NamespaceId) -> Result<()> {
    let mut connection = PgConnection::connect_with(store.options()).await.map_err(to_error)?;
    connection.execute("set statement_timeout = 0").await.map_err(to_error)?;
    // The lock ends with the connection.
    let lock = format!("select pg_try_advisory_lock({LOCK_CLASS}, {namespace})");
    let row = sqlx::query(AssertSqlSafe(lock)).fetch_one(&mut connection).await.map_err(to_error)?;
    if !row.try_get::<bool, _>(0).map_err(to_error)? {
        return Ok(());
    }
    begin(&mut connection, namespace).await?;
    let row = sqlx::query("select generation::text from ddb.quota where namespace = $1 and state = 'counting'")
        .bind(namespace.0)
        .fetch_optional(&mut connection)
        .await
        .map_err(to_error)?;
    let Some(row) = row else { return Ok(()) };
    let generation: String = row.try_get(0).map_err(to_error)?;
    let clear = sqlx::query("delete from ddb.usage where namespace = $1").bind(namespace.0);
    clear.execute(&mut connection).await.map_err(to_error)?;
    let mut state = snapshot(store, None).await?;
    // A snapshot is taken by the first statement.
    state.execute("select 1").await.map_err(to_error)?;
    connection.execute("commit").await.map_err(to_error)?;

    let held = held(&mut state, namespace).await?;
    state.close().await.map_err(to_error)?;
    let mut parts = held.into_parts(PART).into_iter().peekable();
    loop {
        let part = parts.next().unwrap_or_default();
        let is_last = parts.peek().is_none();
        begin(&mut connection, namespace).await?;
        // Limits that were taken away meanwhile, and set anew, count from then on.
        let still = sqlx::query(
            "
            update ddb.quota set state = case when $3 then 'counted' else state end
            where namespace = $1 and generation = $2::uuid
            ",
        )
        .bind(namespace.0)
        .bind(&generation)
        .bind(is_last)
        .execute(&mut connection)
        .await
        .map_err(to_error)?;
        if still.rows_affected() == 0 {
            break;
        }
        part.write(&mut connection, namespace).await.map_err(to_error)?;
        if is_last {
            raise(&mut connection, namespace).await?;
        }
        connection.execute("commit").await.map_err(to_error)?;
        if is_last {
            tracing::info!(%namespace, "what the namespace holds is counted; its limits are enforced");
            break;
        }
    }
    connection.close().await.map_err(to_error)
}

/// What each owner holds in the state that the connection sees.
async fn held(connection: &mut PgConnection, namespace: NamespaceId) -> Result<Usages> {
    let mut held = Usages::default();
    for (table, _) in catalogue::all_tables(connection, namespace).await? {
        let relation = projection::relation(namespace, table);
        let statement = AssertSqlSafe(format!("select owner, doc::text from {relation}"));
        let mut rows = sqlx::query(statement).fetch(&mut *connection);
        while let Some(row) = rows.try_next().await.map_err(to_error)? {
            let owner: Option<&[u8]> = row.try_get(0).map_err(to_error)?;
            // As the transactor counts it: PostgreSQL writes documents with more spaces.
            let bytes = doc::encode(&doc::decode(row.try_get(1).map_err(to_error)?)?).len() as i64;
            held.add(owner, Usage { records: 1, bytes });
        }
    }
    Ok(held)
}
