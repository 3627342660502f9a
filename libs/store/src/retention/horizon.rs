//! How far back the past of a table can be read.

use ddb_core::{Error, ErrorCode, NamespaceId, Result, TableId, Tx};
use sqlx::{PgConnection, Row};

use crate::connection::to_error;

/// The oldest transaction whose state can be read. Whoever reads the past asks for it *behind* what he read: the horizon moves on before anything leaves the log.
pub(crate) async fn horizon(connection: &mut PgConnection, namespace: NamespaceId, table: TableId) -> Result<Tx> {
    let row = sqlx::query("select horizon from ddb.data_table where namespace = $1 and id = $2")
        .bind(namespace.0)
        .bind(table.0)
        .fetch_optional(connection)
        .await
        .map_err(to_error)?;
    row.map_or(Ok(Tx(0)), |row| row.try_get(0).map(Tx).map_err(to_error))
}

/// 410.
pub(crate) fn is_pruned(horizon: Tx) -> Error {
    Error::new(ErrorCode::HistoryPruned, format!("the past of this table is kept from transaction {horizon} on"))
}
