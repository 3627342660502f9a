//! Which state a read shows, and whose facts it is about.

use std::collections::HashMap;

use ddb_core::{AttributeId, NamespaceId, RecordKey, Result, TableId, Timestamp, Tx, sort_key};
use sqlx::{AssertSqlSafe, PgConnection, Row};

use crate::connection::to_error;
use crate::projection;

/// The newest state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) head: Tx,
    /// Never before the time of the head.
    pub(crate) now: Timestamp,
}

/// What the facts of one record are found by.
pub(crate) struct Entity {
    pub(crate) namespace: NamespaceId,
    pub(crate) id: i64,
    /// The names of the attributes that it can have, the system's too.
    pub(crate) names: HashMap<AttributeId, String>,
}

impl Moment {
    pub(crate) async fn newest(connection: &mut PgConnection, namespace: NamespaceId) -> Result<Self> {
        let statement = format!("select {}", projection::HEAD);
        let row = sqlx::query(AssertSqlSafe(statement)).bind(namespace.0).fetch_one(connection).await.map_err(to_error)?;
        Ok(Self { head: Tx(row.try_get(0).map_err(to_error)?), now: Timestamp(row.try_get(1).map_err(to_error)?) })
    }
}

impl Entity {
    /// None where nothing was ever called so.
    pub(crate) async fn find(
        connection: &mut PgConnection,
        namespace: NamespaceId,
        table: TableId,
        key: &RecordKey,
    ) -> Result<Option<Self>> {
        let row = sqlx::query("select id from ddb.entity where namespace = $1 and table_id = $2 and key = $3")
            .bind(namespace.0)
            .bind(table.0)
            .bind(sort_key::encode_record_key(key)?)
            .fetch_optional(&mut *connection)
            .await
            .map_err(to_error)?;
        match row {
            Some(row) => Self::of(connection, namespace, table, row.try_get(0).map_err(to_error)?).await.map(Some),
            None => Ok(None),
        }
    }

    pub(crate) async fn of(connection: &mut PgConnection, namespace: NamespaceId, table: TableId, id: i64) -> Result<Self> {
        let rows =
            sqlx::query("select id, name from ddb.attribute where namespace = $1 and table_id in (0, $2) and name is not null")
                .bind(namespace.0)
                .bind(table.0)
                .fetch_all(connection)
                .await
                .map_err(to_error)?;
        let mut names = HashMap::with_capacity(rows.len());
        for row in &rows {
            names.insert(AttributeId(row.try_get(0).map_err(to_error)?), row.try_get(1).map_err(to_error)?);
        }
        Ok(Self { namespace, id, names })
    }

    pub(crate) fn attributes(&self) -> Vec<i32> {
        self.names.keys().map(|id| id.0).collect()
    }
}

/// When a transaction was made; the beginning of time for 0.
pub(crate) async fn time_of(connection: &mut PgConnection, namespace: NamespaceId, tx: Tx) -> Result<Timestamp> {
    let row = sqlx::query("select time from ddb.tx where namespace = $1 and tx = $2")
        .bind(namespace.0)
        .bind(tx.0)
        .fetch_optional(connection)
        .await
        .map_err(to_error)?;
    let time = row.map(|row| row.try_get(0)).transpose().map_err(to_error)?;
    Ok(Timestamp(time.unwrap_or(i64::MIN)))
}
