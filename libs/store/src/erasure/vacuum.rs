//! PostgreSQL keeps rows that were changed or removed until it vacuums, and samples of values until it analyses anew.

use ddb_core::{NamespaceId, Result, TableId};
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};

use crate::connection::to_error;
use crate::projection;

/// The relations besides the projections that erasing takes something out of.
const RELATIONS: [&str; 11] = [
    "ddb.triple",
    "ddb.entity",
    "ddb.kept_answer",
    "ddb.account",
    "ddb.session",
    "ddb.data_table",
    "ddb.index_definition",
    "ddb.job",
    "ddb.erasure",
    "ddb.usage",
    "ddb.namespace",
];

/// After records of these tables were erased.
pub(super) async fn vacuum_after_erasure(connection: &mut PgConnection, tables: &[(NamespaceId, TableId)]) -> Result<()> {
    let projections = tables.iter().map(|(namespace, table)| projection::relation(*namespace, *table));
    vacuum(connection, RELATIONS.into_iter().map(str::to_owned).chain(projections)).await
}

pub(crate) async fn vacuum(connection: &mut PgConnection, relations: impl Iterator<Item = String>) -> Result<()> {
    for relation in relations {
        // Where few rows have died PostgreSQL would leave their entries in the indexes.
        execute(connection, &format!("vacuum (analyze, index_cleanup on) {relation}")).await?;
        forget_samples(connection, &relation).await?;
    }
    Ok(())
}

/// Analysing leaves the samples of a relation as they were where it has no rows any more. They go with the type of a column, even if it becomes the same.
async fn forget_samples(connection: &mut PgConnection, relation: &str) -> Result<()> {
    let rows = sqlx::query(AssertSqlSafe(format!(
        "
        select distinct quote_ident(a.attname), format_type(a.atttypid, a.atttypmod)
        from pg_stats s
        join pg_attribute a on a.attrelid = '{relation}'::regclass and a.attname = s.attname
        where format('%I.%I', s.schemaname, s.tablename)::regclass = '{relation}'::regclass
          and not exists (select from {relation})
        "
    )))
    .fetch_all(&mut *connection)
    .await
    .map_err(to_error)?;
    let mut changes = Vec::with_capacity(rows.len());
    for row in &rows {
        let (column, kind): (&str, &str) = (row.try_get(0).map_err(to_error)?, row.try_get(1).map_err(to_error)?);
        changes.push(format!("alter column {column} type {kind}"));
    }
    if changes.is_empty() {
        return Ok(());
    }
    // Who waits for the table waits no longer than for this; the job comes again.
    execute(connection, "set lock_timeout = '1s'").await?;
    let forgotten = execute(connection, &format!("alter table {relation} {}", changes.join(", "))).await;
    execute(connection, "set lock_timeout = 0").await?;
    forgotten
}

async fn execute(connection: &mut PgConnection, statement: &str) -> Result<()> {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))).await.map_err(to_error)?;
    Ok(())
}
