use ddb_core::{Error, ErrorCode, NamespaceId, NamespaceName, Result, Timestamp};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use crate::connection::to_error;
use crate::transactor::lock_statement;

/// Takes the name away, under the lock of the namespace: what is being written is finished, and nothing is written after it.
pub(super) async fn remove(connection: &mut PgConnection, name: &NamespaceName) -> Result<Option<NamespaceId>> {
    if *name == NamespaceName::main() {
        return Err(Error::conflict("the namespace `main` cannot be removed"));
    }
    let mut transaction = connection.begin().await.map_err(to_error)?;
    let found = sqlx::query("select id from ddb.namespace where name = $1")
        .bind(name.as_str())
        .fetch_optional(&mut *transaction)
        .await
        .map_err(to_error)?;
    let Some(found) = found else { return Ok(None) };
    let id = NamespaceId(found.try_get(0).map_err(to_error)?);
    let lock = format!("set local lock_timeout = '5s'; {}", lock_statement(id));
    transaction.execute(sqlx::raw_sql(AssertSqlSafe(lock))).await.map_err(busy)?;
    let is_removed = take_name(&mut transaction, id, None).await?;
    transaction.commit().await.map_err(to_error)?;
    Ok(is_removed.then_some(id))
}

/// The namespace counts as removed from the end of the transaction on; None: it is removed now. False where it was removed before.
pub(crate) async fn take_name(connection: &mut PgConnection, id: NamespaceId, time: Option<Timestamp>) -> Result<bool> {
    let removed = sqlx::query(
        "
        update ddb.namespace
        set name = null, removed_at = coalesce($2, (extract(epoch from clock_timestamp()) * 1000000)::bigint)
        where id = $1 and name is not null
        ",
    )
    .bind(id.0)
    .bind(time.map(|time| time.0))
    .execute(connection)
    .await
    .map_err(to_error)?;
    Ok(removed.rows_affected() == 1)
}

fn busy(error: sqlx::Error) -> Error {
    let is_locked = error.as_database_error().is_some_and(|cause| cause.code().is_some_and(|code| code == "55P03"));
    if !is_locked {
        return to_error(error);
    }
    Error::new(ErrorCode::Unavailable, "other requests wrote to the namespace the whole time, so it was not removed; try again")
        .with_source(error)
}
