//! Which tables exist. Ids are never reused.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use ddb_core::{NamespaceId, Result, TableId, TableName};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgExecutor, Row};

use crate::connection::to_error;
use crate::pool::Pool;

/// The tables as one process knows them: those it has met. A table that is not known here may exist.
#[derive(Default)]
pub(crate) struct Catalogue {
    tables: RwLock<HashMap<NamespaceId, HashMap<TableName, Table>>>,
}

/// A table that exists.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) id: TableId,
    /// The record of the account that made it, as text; None: the system.
    pub(crate) made_by: Option<Arc<str>>,
}

impl Table {
    fn from_row(row: &PgRow, first: usize) -> Result<Self, sqlx::Error> {
        let made_by: Option<String> = row.try_get(first + 1)?;
        Ok(Self { id: TableId(row.try_get(first)?), made_by: made_by.map(Arc::from) })
    }
}

impl Catalogue {
    pub(crate) fn known(&self, namespace: NamespaceId, table: &TableName) -> Option<Table> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        tables.get(&namespace)?.get(table).cloned()
    }

    pub(crate) fn remember(&self, namespace: NamespaceId, name: TableName, table: Table) {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        tables.entry(namespace).or_default().insert(name, table);
    }

    pub(crate) fn forget(&self, namespace: NamespaceId) {
        self.tables.write().unwrap_or_else(PoisonError::into_inner).remove(&namespace);
    }

    /// Asks PostgreSQL about a table that is not known yet.
    pub(crate) async fn find(&self, pool: &Pool, namespace: NamespaceId, table: &TableName) -> Result<Option<TableId>> {
        if let Some(known) = self.known(namespace, table) {
            return Ok(Some(known.id));
        }
        let found = find_table(pool, namespace, table).await?;
        let id = found.as_ref().map(|found| found.id);
        if let Some(found) = found {
            self.remember(namespace, table.clone(), found);
        }
        Ok(id)
    }
}

pub(crate) async fn find_table(
    executor: impl PgExecutor<'_>,
    namespace: NamespaceId,
    table: &TableName,
) -> Result<Option<Table>> {
    let row = sqlx::query("select id, created_by from ddb.data_table where namespace = $1 and name = $2")
        .bind(namespace.0)
        .bind(table.as_str())
        .fetch_optional(executor)
        .await
        .map_err(to_error)?;
    row.map(|row| Table::from_row(&row, 0).map_err(to_error)).transpose()
}

/// Those of the tables that exist.
pub(crate) async fn find_tables(
    executor: impl PgExecutor<'_>,
    namespace: NamespaceId,
    names: Option<Vec<String>>,
) -> Result<Vec<(TableName, Table)>> {
    let rows =
        sqlx::query("select name, id, created_by from ddb.data_table where namespace = $1 and ($2 is null or name = any($2))")
            .bind(namespace.0)
            .bind(names)
            .fetch_all(executor)
            .await
            .map_err(to_error)?;
    rows.iter()
        .map(|row| {
            let name: &str = row.try_get(0).map_err(to_error)?;
            Ok((TableName::parse(name)?, Table::from_row(row, 1).map_err(to_error)?))
        })
        .collect()
}

/// How many tables each account has made with its records.
pub(crate) async fn made_by_accounts(connection: &mut PgConnection, namespace: NamespaceId) -> Result<HashMap<Arc<str>, usize>> {
    let rows = sqlx::query(
        "
        select created_by, count(*)
        from ddb.data_table
        where namespace = $1 and implicit and created_by is not null
        group by created_by
        ",
    )
    .bind(namespace.0)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    rows.iter()
        .map(|row| {
            let (account, count): (String, i64) = (row.try_get(0).map_err(to_error)?, row.try_get(1).map_err(to_error)?);
            Ok((Arc::from(account), count as usize))
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
