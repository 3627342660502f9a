//! What there is, as data: tables, the names of their fields, indexes.

use std::collections::HashMap;

use ddb_core::{NamespaceId, Result, TableId, TableName, Tx};
use sqlx::{Executor, PgConnection, Row};

use crate::Store;
use crate::connection::to_error;
use crate::index::{Index, Indexes};
use crate::retention::History;

/// A table of a namespace.
#[derive(Debug, Clone)]
pub struct TableSchema {
    pub id: TableId,
    pub name: TableName,
    /// Every name that a field of the table has had, in order.
    pub fields: Vec<String>,
    pub indexes: Vec<Index>,
    /// How long its past is kept; None: as the namespace says.
    pub own_history: Option<History>,
    /// How long its past is kept.
    pub history: History,
    /// The oldest transaction whose state can be read; 0: all can.
    pub horizon: Tx,
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
    let rows = sqlx::query(
        "
        select t.id, t.name, t.history, n.history, t.horizon
        from ddb.data_table t
        join ddb.namespace n on n.id = t.namespace
        where t.namespace = $1
        ",
    )
    .bind(namespace.0)
    .fetch_all(&mut *connection)
    .await
    .map_err(to_error)?;
    let mut tables = Vec::with_capacity(rows.len());
    for row in &rows {
        let id = TableId(row.try_get(0).map_err(to_error)?);
        let own: Option<i64> = row.try_get(2).map_err(to_error)?;
        let of_namespace: Option<i64> = row.try_get(3).map_err(to_error)?;
        tables.push(TableSchema {
            id,
            name: TableName::parse(row.try_get(1).map_err(to_error)?)?,
            fields: fields.remove(&id.0).unwrap_or_default(),
            indexes: indexes.of(id).map(|indexes| indexes.indexes.clone()).unwrap_or_default(),
            own_history: own.map(History::from_stored),
            history: own.or(of_namespace).map_or(History::Forever, History::from_stored),
            horizon: Tx(row.try_get(4).map_err(to_error)?),
        });
    }
    connection.execute("rollback").await.map_err(to_error)?;
    Ok(tables)
}
