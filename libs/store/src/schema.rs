//! What there is, as data: tables, the names of their fields, indexes.

use std::collections::HashMap;

use ddb_core::{NamespaceId, Result, TableId, TableName};
use sqlx::{Executor, PgConnection, Row};

use crate::connection::to_error;
use crate::index::{Index, Indexes};
use crate::{Store, catalogue};

/// A table of a namespace.
#[derive(Debug, Clone)]
pub struct TableSchema {
    pub id: TableId,
    pub name: TableName,
    /// Every name that a field of the table has had, in order.
    pub fields: Vec<String>,
    pub indexes: Vec<Index>,
}

impl Store {
    /// Every table of the namespace, by name.
    pub async fn schema(&self, namespace: NamespaceId) -> Result<Vec<TableSchema>> {
        let mut lease = self.pool().lease().await?;
        let read = self.pool().in_time(read(lease.connection(), namespace)).await;
        let mut tables = lease.settle(read)?;
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tables)
    }
}

/// In one state: an index may be defined meanwhile.
async fn read(connection: &mut PgConnection, namespace: NamespaceId) -> Result<Vec<TableSchema>> {
    connection.execute("begin isolation level repeatable read read only").await.map_err(to_error)?;
    let indexes = Indexes::load(connection, namespace).await?;
    let rows = sqlx::query("select table_id, name from ddb.attribute where namespace = $1 and name is not null order by name")
        .bind(namespace.0)
        .fetch_all(&mut *connection)
        .await
        .map_err(to_error)?;
    let mut fields: HashMap<i32, Vec<String>> = HashMap::new();
    for row in &rows {
        fields.entry(row.try_get(0).map_err(to_error)?).or_default().push(row.try_get(1).map_err(to_error)?);
    }
    let mut tables = Vec::new();
    for (id, name) in catalogue::all_tables(connection, namespace).await? {
        let indexes = indexes.of(id).map(|indexes| indexes.indexes.clone()).unwrap_or_default();
        tables.push(TableSchema { id, name, fields: fields.remove(&id.0).unwrap_or_default(), indexes });
    }
    connection.execute("rollback").await.map_err(to_error)?;
    Ok(tables)
}
