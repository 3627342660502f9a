//! Saying how long the past is kept.

use ddb_core::{NamespaceId, Result, TableName};
use sqlx::{Connection, PgConnection};

use super::History;
use crate::Store;
use crate::connection::to_error;

/// Whoever moves a horizon and whoever says how long the past is kept wait for each other, namespace by namespace: "DDB" and a four.
const LOCK: i32 = 1_145_324_036;

pub(super) async fn lock(connection: &mut PgConnection, namespace: NamespaceId) -> Result<()> {
    let lock = sqlx::query("select pg_advisory_lock($1, $2)").bind(LOCK).bind(namespace.0);
    lock.execute(connection).await.map(drop).map_err(to_error)
}

pub(super) async fn unlock(connection: &mut PgConnection, namespace: NamespaceId) -> Result<()> {
    let unlock = sqlx::query("select pg_advisory_unlock($1, $2)").bind(LOCK).bind(namespace.0);
    unlock.execute(connection).await.map(drop).map_err(to_error)
}

impl Store {
    /// Sets how long the past of a table is kept (None: as long as the namespace says); false where there is no such table. Once this is answered, nothing leaves the
    /// log that is to be kept, but for what lies before the horizon already.
    pub async fn keep_history(&self, namespace: NamespaceId, table: &TableName, history: Option<History>) -> Result<bool> {
        let mut lease = self.pool().lease().await?;
        let kept = self.pool().in_time(keep(lease.connection(), namespace, table, history)).await;
        lease.settle(kept)
    }

    /// Sets how long the past of the namespace's tables is kept that say nothing themselves.
    pub async fn keep_history_by_default(&self, namespace: NamespaceId, history: History) -> Result<()> {
        let mut lease = self.pool().lease().await?;
        let kept = self.pool().in_time(keep_by_default(lease.connection(), namespace, history)).await;
        lease.settle(kept)
    }
}

async fn keep(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    table: &TableName,
    history: Option<History>,
) -> Result<bool> {
    let mut transaction = begin(connection, namespace).await?;
    let updated = sqlx::query(
        "
        update ddb.data_table
        set history = $3, prune_at = null
        where namespace = $1 and name = $2
          and exists (select from ddb.namespace n where n.id = $1 and n.removed_at is null)
        ",
    )
    .bind(namespace.0)
    .bind(table.as_str())
    .bind(history.map(History::stored))
    .execute(&mut *transaction)
    .await
    .map_err(to_error)?;
    transaction.commit().await.map_err(to_error)?;
    Ok(updated.rows_affected() == 1)
}

async fn keep_by_default(connection: &mut PgConnection, namespace: NamespaceId, history: History) -> Result<()> {
    let mut transaction = begin(connection, namespace).await?;
    sqlx::query(
        "
        with changed as (
            update ddb.namespace set history = $2 where id = $1 and removed_at is null returning id
        )
        update ddb.data_table
        set prune_at = null
        where namespace = (select id from changed) and history is null
        ",
    )
    .bind(namespace.0)
    .bind(history.stored())
    .execute(&mut *transaction)
    .await
    .map_err(to_error)?;
    transaction.commit().await.map_err(to_error)
}

async fn begin(connection: &mut PgConnection, namespace: NamespaceId) -> Result<sqlx::Transaction<'_, sqlx::Postgres>> {
    let mut transaction = connection.begin().await.map_err(to_error)?;
    let lock = sqlx::query("select pg_advisory_xact_lock($1, $2)").bind(LOCK).bind(namespace.0);
    lock.execute(&mut *transaction).await.map_err(to_error)?;
    Ok(transaction)
}
