//! Which tables exist. Ids are never reused.

use std::collections::HashMap;
use std::sync::RwLock;

use ddb_core::{NamespaceId, Result, TableId, TableName};
use sqlx::{PgConnection, PgExecutor, Row};

use crate::connection::to_error;
use crate::pool::Pool;

/// The tables as one process knows them: those it has met. A table that is not known here may exist.
#[derive(Default)]
pub(crate) struct Catalogue {
    tables: RwLock<HashMap<NamespaceId, HashMap<TableName, TableId>>>,
}

impl Catalogue {
    pub(crate) fn known(&self, namespace: NamespaceId, table: &TableName) -> Option<TableId> {
        let tables = self.tables.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        tables.get(&namespace)?.get(table).copied()
    }

    pub(crate) fn remember(&self, namespace: NamespaceId, table: TableName, id: TableId) {
        let mut tables = self.tables.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        tables.entry(namespace).or_default().insert(table, id);
    }

    /// Asks PostgreSQL about a table that is not known yet.
    pub(crate) async fn find(&self, pool: &Pool, namespace: NamespaceId, table: &TableName) -> Result<Option<TableId>> {
        if let Some(id) = self.known(namespace, table) {
            return Ok(Some(id));
        }
        let id = find_table(pool, namespace, table).await?;
        if let Some(id) = id {
            self.remember(namespace, table.clone(), id);
        }
        Ok(id)
    }
}

pub(crate) async fn find_table(
    executor: impl PgExecutor<'_>,
    namespace: NamespaceId,
    table: &TableName,
) -> Result<Option<TableId>> {
    let row = sqlx::query("select id from ddb.data_table where namespace = $1 and name = $2")
        .bind(namespace.0)
        .bind(table.as_str())
        .fetch_optional(executor)
        .await
        .map_err(to_error)?;
    row.map(|row| row.try_get(0).map(TableId).map_err(to_error)).transpose()
}

/// Those of the tables that exist.
pub(crate) async fn find_tables(
    executor: impl PgExecutor<'_>,
    namespace: NamespaceId,
    names: Vec<String>,
) -> Result<Vec<(TableName, TableId)>> {
    let rows = sqlx::query("select name, id from ddb.data_table where namespace = $1 and name = any($2)")
        .bind(namespace.0)
        .bind(names)
        .fetch_all(executor)
        .await
        .map_err(to_error)?;
    rows.iter()
        .map(|row| {
            let name: &str = row.try_get(0).map_err(to_error)?;
            Ok((TableName::parse(name)?, TableId(row.try_get(1).map_err(to_error)?)))
        })
        .collect()
}

/// Every table of a namespace, by id.
pub(crate) async fn all_tables(connection: &mut PgConnection, namespace: NamespaceId) -> Result<Vec<(TableId, TableName)>> {
    let rows = sqlx::query("select id, name from ddb.data_table where namespace = $1 order by id")
        .bind(namespace.0)
        .fetch_all(connection)
        .await
        .map_err(to_error)?;
    rows.iter()
        .map(|row| {
            let name: &str = row.try_get(1).map_err(to_error)?;
            Ok((TableId(row.try_get(0).map_err(to_error)?), TableName::parse(name)?))
        })
        .collect()
}
