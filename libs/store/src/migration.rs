//! Numbered migrations, each applied once, under a lock.

use ddb_core::{Error, Result};
use sqlx::{Connection, Executor, PgConnection, Row};

use crate::connection::to_error;

const MIGRATIONS: [(i32, &str); 12] = [
    (1, include_str!("../migrations/0001_ground.sql")),
    (2, include_str!("../migrations/0002_index.sql")),
    (3, include_str!("../migrations/0003_kept_answer.sql")),
    (4, include_str!("../migrations/0004_job.sql")),
    (5, include_str!("../migrations/0005_activity.sql")),
    (6, include_str!("../migrations/0006_allowance.sql")),
    (7, include_str!("../migrations/0007_erasure.sql")),
    (8, include_str!("../migrations/0008_erasure_tx.sql")),
    (9, include_str!("../migrations/0009_namespace.sql")),
    (10, include_str!("../migrations/0010_quota.sql")),
    (11, include_str!("../migrations/0011_retention.sql")),
    (12, include_str!("../migrations/0012_index_path.sql")),
];
/// The advisory lock of migrations: any fixed number that nothing else in the database uses.
const LOCK: i64 = 0x0064_6462_6d69_6772;

/// The number of the newest migration that this version knows.
pub(crate) const NEWEST: i32 = MIGRATIONS.len() as i32;

/// Brings the schema to this version's state; a schema of a newer version is refused.
pub(crate) async fn run(connection: &mut PgConnection) -> Result<()> {
    let mut transaction = connection.begin().await.map_err(to_error)?;
    begin(&mut transaction).await?;
    let applied: i32 = sqlx::query("select coalesce(max(number), 0) from ddb.migration")
        .fetch_one(&mut *transaction)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(to_error)?;
    if applied > NEWEST {
        return Err(Error::internal(format!(
            "the database was written by a newer version (schema {applied}, this version knows {NEWEST}): start that version"
        )));
    }
    apply(&mut transaction, applied, NEWEST).await?;
    transaction.commit().await.map_err(to_error)
}

/// Makes the place where applied migrations are noted. Until the end of the transaction, nobody else migrates.
pub(crate) async fn begin(connection: &mut PgConnection) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *connection).await.map_err(to_error)?;
    let setup = "
        create schema if not exists ddb;
        create table if not exists ddb.migration (number int primary key, applied_at timestamptz not null default now());
    ";
    connection.execute(sqlx::raw_sql(setup)).await.map_err(to_error)?;
    Ok(())
}

/// Applies the migrations after `after` up to `until`, in the transaction of [`begin`].
pub(crate) async fn apply(connection: &mut PgConnection, after: i32, until: i32) -> Result<()> {
    for (number, statements) in MIGRATIONS.into_iter().filter(|(number, _)| (after + 1..=until).contains(number)) {
        connection.execute(sqlx::raw_sql(statements)).await.map_err(to_error)?;
        sqlx::query("insert into ddb.migration (number) values ($1)")
            .bind(number)
            .execute(&mut *connection)
            .await
            .map_err(to_error)?;
    }
    Ok(())
}
