//! Tables that come into being.

use std::sync::Arc;

use ddb_core::{NamespaceId, RecordKey, Result, TableId, TableName};
use sqlx::{PgConnection, Row};

use super::additions;
use crate::catalogue::{self, Table};
use crate::connection::to_error;
use crate::{namespace, projection};

/// How a table comes into being.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Making {
    WithRecord,
    WithDefinition,
}

/// Names the table and makes its projection, under the namespace's lock.
pub(crate) async fn make_table(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    name: &TableName,
    (actor, making): (Option<&RecordKey>, Making),
) -> Result<Table> {
    if let Some(table) = catalogue::find_table(&mut *connection, namespace, name).await? {
        return Ok(table);
    }
    let made_by = actor.map(additions::account);
    let row = sqlx::query(
        "
        insert into ddb.data_table (namespace, id, name, created_at, created_by, implicit)
        select $1, coalesce(max(id), 0) + 1, $2, (extract(epoch from clock_timestamp()) * 1000000)::bigint, $3, $4
        from ddb.data_table
        where namespace = $1
        having exists (select from ddb.namespace where id = $1 and removed_at is null)
        returning id
        ",
    )
    .bind(namespace.0)
    .bind(name.as_str())
    .bind(&made_by)
    .bind(making == Making::WithRecord)
    .fetch_optional(&mut *connection)
    .await
    .map_err(to_error)?;
    let Some(row) = row else { return Err(namespace::is_gone()) };
    let id = TableId(row.try_get(0).map_err(to_error)?);
    projection::create(connection, namespace, id).await?;
    tracing::info!(table = %name, "a table was created");
    Ok(Table { id, made_by: made_by.map(Arc::from) })
}
