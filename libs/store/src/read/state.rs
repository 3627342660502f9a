//! What tells whether something that was read of a table is still so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ddb_core::{NamespaceId, Result, TableId, Timestamp, Tx};
use sqlx::{AssertSqlSafe, Row};

use crate::Pool;
use crate::connection::to_error;
use crate::projection;

/// A moment, as it concerns one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableState {
    /// The newest transaction.
    pub tx: Tx,
    /// The clock by which records expire.
    pub now: Timestamp,
    /// The version of the namespace's definitions.
    pub definitions: i64,
    /// When the first of the table's records expires; in the past where one has that was not deleted yet.
    pub expires: Option<Timestamp>,
}

/// Asks PostgreSQL once for all who want to know at the same time.
#[derive(Default)]
pub(crate) struct TableStates {
    lines: Mutex<HashMap<(NamespaceId, TableId), Arc<Line>>>,
}

/// Those who want to know of one table.
#[derive(Default)]
struct Line {
    /// How many statements have begun.
    begun: Mutex<u64>,
    /// What the newest one told, with its number. Held while one is under way.
    newest: tokio::sync::Mutex<Option<(u64, TableState)>>,
}

impl TableStates {
    /// The state at some moment after the call: of a statement that begins after it.
    pub(crate) async fn get(&self, pool: &Pool, namespace: NamespaceId, table: TableId) -> Result<TableState> {
        let line = self.lines.lock().unwrap_or_else(PoisonError::into_inner).entry((namespace, table)).or_default().clone();
        let arrived = line.number();
        let mut newest = line.newest.lock().await;
        if let Some((number, state)) = *newest
            && number > arrived
        {
            return Ok(state);
        }
        let number = line.next();
        let state = ask(pool, namespace, table).await?;
        *newest = Some((number, state));
        Ok(state)
    }
}

impl Line {
    fn number(&self) -> u64 {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> u64 {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        *begun += 1;
        *begun
    }
}

async fn ask(pool: &Pool, namespace: NamespaceId, table: TableId) -> Result<TableState> {
    let (head, relation) = (projection::HEAD, projection::relation(namespace, table));
    let statement =
        format!("select {head}, (select definitions from ddb.namespace where id = $1), (select min(expires) from {relation})");
    let row = sqlx::query(AssertSqlSafe(statement)).bind(namespace.0).fetch_one(pool).await.map_err(to_error)?;
    Ok(TableState {
        tx: Tx(row.try_get(0).map_err(to_error)?),
        now: Timestamp(row.try_get(1).map_err(to_error)?),
        definitions: row.try_get(2).map_err(to_error)?,
        expires: row.try_get::<Option<i64>, _>(3).map_err(to_error)?.map(Timestamp),
    })
}
