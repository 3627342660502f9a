//! Numbered migrations, each applied once, under a lock.

use ddb_core::{Error, Result};
use sqlx::{Connection, Executor, PgConnection, Row};

use crate::connection::to_error;

const MIGRATIONS: [(i32, &str); 5] = [
    (1, include_str!("../migrations/0001_ground.sql")),
    (2, include_str!("../migrations/0002_index.sql")),
    (3, include_str!("../migrations/0003_kept_answer.sql")),
    (4, include_str!("../migrations/0004_job.sql")),
    (5, include_str!("../migrations/0005_activity.sql")),
];
/// The advisory lock of migrations: any fixed number that nothing else in the database uses.
const LOCK: i64 = 0x0064_6462_6d69_6772;

/// Brings the schema to this version's state; a schema of a newer version is refused.
pub(crate) async fn run(connection: &mut PgConnection) -> Result<()> {
    let mut transaction = connection.begin().await.map_err(to_error)?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await.map_err(to_error)?;
    let setup = "
        create schema if not exists ddb;
        create table if not exists ddb.migration (number int primary key, applied_at timestamptz not null default now());
    ";
    transaction.execute(sqlx::raw_sql(setup)).await.map_err(to_error)?;
    let applied: i32 = sqlx::query("select coalesce(max(number), 0) from ddb.migration")
        .fetch_one(&mut *transaction)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(to_error)?;
    let newest = MIGRATIONS.len() as i32;
    if applied > newest {
        return Err(Error::internal(format!(
            "the database was written by a newer version (schema {applied}, this version knows {newest}): start that version"
        )));
    }
    for (number, statements) in MIGRATIONS.into_iter().filter(|(number, _)| *number > applied) {
        transaction.execute(sqlx::raw_sql(statements)).await.map_err(to_error)?;
        sqlx::query("insert into ddb.migration (number) values ($1)")
            .bind(number)
            .execute(&mut *transaction)
            .await
            .map_err(to_error)?;
    }
    transaction.commit().await.map_err(to_error)
}
