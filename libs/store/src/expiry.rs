//! The reaper: writes the deletion of records that have expired. Readers do not see them from the moment they expire.

use std::time::Duration;

use ddb_core::{NamespaceId, RecordKey, Result, TableId, TableName};
use sqlx::{AssertSqlSafe, Row};

use crate::connection::to_error;
use crate::job::Recurring;
use crate::{Allowance, Change, Current, Step, Store, Write, catalogue, namespace, projection};

/// How often expired records are looked for.
const EVERY: Duration = Duration::from_secs(5);
/// Records deleted in one transaction.
const BATCH: i64 = 200;

/// The reaper as a job.
pub fn reaper() -> Recurring {
    Recurring { kind: "expiry", every: EVERY, run: Box::new(|store| Box::pin(async move { sweep(&store).await.map(|_| ()) })) }
}

/// Deletes what has expired; gives how many records that were.
pub async fn sweep(store: &Store) -> Result<u64> {
    let namespaces = {
        let mut connection = store.pool().acquire().await.map_err(to_error)?;
        namespace::all(&mut connection).await?
    };
    let mut deleted = 0;
    for namespace in namespaces {
        match sweep_one(store, namespace).await {
            Ok(of_namespace) => deleted += of_namespace,
            // One that is removed meanwhile, or has no room for writes, keeps the others from nothing.
            Err(error) => tracing::debug!(%error, %namespace, "the expired records of a namespace were not deleted"),
        }
    }
    Ok(deleted)
}

async fn sweep_one(store: &Store, namespace: NamespaceId) -> Result<u64> {
    let tables = {
        let mut connection = store.pool().acquire().await.map_err(to_error)?;
        catalogue::all_tables(&mut connection, namespace).await?
    };
    let mut deleted = 0;
    for (id, table) in tables {
        loop {
            let keys = expired(store, namespace, id).await?;
            if keys.is_empty() {
                break;
            }
            deleted += keys.len() as u64;
            let steps = keys
                .into_iter()
                .map(|key| Ok(step(table.clone(), projection::decode_key(&key)?)))
                .collect::<Result<Vec<Step>>>()?;
            store
                .write(Write { namespace, actor: None, request: None, allowance: Allowance::ANY, steps, system: Vec::new() })
                .await?;
        }
        tracing::trace!(%table, "swept");
    }
    Ok(deleted)
}

/// Deletes a record if it has expired.
pub(crate) fn step(table: TableName, key: RecordKey) -> Step {
    Step { table, key, makes_table: false, past: None, decide: Box::new(reap) }
}

/// Only what has expired under the lock too: its expiry may have been moved meanwhile.
fn reap(current: Current<'_>) -> Result<Change> {
    Ok(if current.expired.is_some() { Change::Delete } else { Change::Keep })
}

async fn expired(store: &Store, namespace: NamespaceId, table: TableId) -> Result<Vec<Vec<u8>>> {
    let relation = projection::relation(namespace, table);
    let statement = format!(
        "select key from {relation} where expires <= (extract(epoch from now()) * 1000000)::bigint order by expires limit $1"
    );
    let rows = sqlx::query(AssertSqlSafe(statement)).bind(BATCH).fetch_all(store.pool()).await.map_err(to_error)?;
    rows.iter().map(|row| row.try_get(0).map_err(to_error)).collect()
}
