//! The tables whose past is pruned.

use ddb_core::{NamespaceId, Result, TableId, TableName, Tx};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use crate::connection::to_error;

/// A table whose past is not kept for ever, or was not when its horizon moved on.
pub(super) struct Table {
    pub(super) namespace: NamespaceId,
    pub(super) id: TableId,
    pub(super) name: TableName,
    /// In microseconds; None: for ever.
    pub(super) keeps: Option<i64>,
    pub(super) horizon: Tx,
    pub(super) superseded_to: Tx,
    /// Whether somebody has just said for how long.
    pub(super) was_asked: bool,
}

/// Tables that are due, and those of which something was said that is not carried out.
pub(super) async fn due(connection: &mut PgConnection) -> Result<Vec<Table>> {
    let rows = sqlx::query(
        "
        select t.namespace, t.id, t.name, coalesce(t.history, n.history), t.horizon, t.superseded_to, t.prune_at is null
        from ddb.data_table t
        join ddb.namespace n on n.id = t.namespace and n.name is not null
        where t.superseded_to < t.horizon
           or coalesce(t.history, n.history) >= 0
              and (t.prune_at is null or t.prune_at <= (extract(epoch from clock_timestamp()) * 1000000)::bigint)
        order by t.prune_at nulls first, t.namespace, t.id
        ",
    )
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    rows.iter().map(table).collect()
}

fn table(row: &PgRow) -> Result<Table> {
    let name: &str = row.try_get(2).map_err(to_error)?;
    let name = TableName::parse(name)?;
    let read = || {
        let keeps: Option<i64> = row.try_get(3)?;
        Ok(Table {
            namespace: NamespaceId(row.try_get(0)?),
            id: TableId(row.try_get(1)?),
            name,
            keeps: keeps.filter(|keeps| *keeps >= 0),
            horizon: Tx(row.try_get(4)?),
            superseded_to: Tx(row.try_get(5)?),
            was_asked: row.try_get(6)?,
        })
    };
    read().map_err(to_error)
}

/// The table as it is now, the newest transaction, and PostgreSQL's clock.
pub(super) async fn reread(connection: &mut PgConnection, of: &Table) -> Result<Option<(Table, Tx, i64)>> {
    let row = sqlx::query(
        "
        select t.namespace, t.id, t.name, coalesce(t.history, n.history), t.horizon, t.superseded_to, t.prune_at is null,
               coalesce((select max(tx) from ddb.tx where namespace = $1), 0),
               (extract(epoch from clock_timestamp()) * 1000000)::bigint
        from ddb.data_table t
        join ddb.namespace n on n.id = t.namespace and n.name is not null
        where t.namespace = $1 and t.id = $2
        ",
    )
    .bind(of.namespace.0)
    .bind(of.id.0)
    .fetch_optional(connection)
    .await
    .map_err(to_error)?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((table(&row)?, Tx(row.try_get(7).map_err(to_error)?), row.try_get(8).map_err(to_error)?)))
}
