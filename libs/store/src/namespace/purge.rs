//! Deletes what removed namespaces held, piece by piece: whoever is interrupted leaves the rest to the next run.

use std::time::{Duration, Instant};

use ddb_core::{NamespaceId, Result, TableId};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use super::unpurged;
use crate::connection::to_error;
use crate::job::Recurring;
use crate::{Store, erasure, projection};

/// How often removed namespaces are looked for.
const EVERY: Duration = Duration::from_secs(2);
/// How long nothing is deleted, so that what other processes still read of the namespace comes to its end.
const GRACE: Duration = Duration::from_secs(3);
/// How long one run works: other jobs of the process wait for it.
const RUN: Duration = Duration::from_secs(1);
/// Rows that are deleted in one transaction.
const BATCH: i64 = 5_000;

/// The deletion as a job.
pub fn purger() -> Recurring {
    Recurring { kind: "removed_namespaces", every: EVERY, run: Box::new(|store| Box::pin(async move { purge(&store).await })) }
}

async fn purge(store: &Store) -> Result<()> {
    let rows = sqlx::query(
        "
        select id
        from ddb.namespace
        where removed_at < (extract(epoch from clock_timestamp()) * 1000000)::bigint - $1 and purged_at is null
        order by removed_at
        ",
    )
    .bind(GRACE.as_micros() as i64)
    .fetch_all(store.pool())
    .await
    .map_err(to_error)?;
    if rows.is_empty() {
        return Ok(());
    }
    let end = Some(Instant::now() + RUN);
    let mut connection = PgConnection::connect_with(store.options()).await.map_err(to_error)?;
    for row in rows {
        let namespace = NamespaceId(row.try_get(0).map_err(to_error)?);
        match purge_one(&mut connection, namespace, end).await {
            Ok(true) => tracing::info!(%namespace, "nothing is left of a removed namespace"),
            Ok(false) => break,
            // A table that is still read, say. The others are deleted all the same; this one is tried again.
            Err(error) => {
                tracing::warn!(error = error.told(), %namespace, "what a removed namespace held could not be deleted");
                let _ = connection.execute("rollback").await;
            }
        }
    }
    connection.close().await.map_err(to_error)
}

/// Deletes all that removed namespaces hold, at once, and frees what it took in PostgreSQL's pages. For a database that nobody else uses.
pub(crate) async fn purge_all(store: &Store) -> Result<()> {
    let mut connection = PgConnection::connect_with(store.options()).await.map_err(to_error)?;
    connection.execute(sqlx::raw_sql("set statement_timeout = 0")).await.map_err(to_error)?;
    for namespace in unpurged(&mut connection).await? {
        purge_one(&mut connection, namespace, None).await?;
    }
    let relations = relations(&mut connection).await?;
    erasure::vacuum(&mut connection, relations.into_iter().map(|relation| format!("ddb.{relation}"))).await?;
    connection.close().await.map_err(to_error)
}

/// False where the time was over before everything was deleted.
async fn purge_one(connection: &mut PgConnection, namespace: NamespaceId, end: Option<Instant>) -> Result<bool> {
    let is_over = || end.is_some_and(|end| Instant::now() > end);
    let tables = sqlx::query("select id from ddb.data_table where namespace = $1 order by id")
        .bind(namespace.0)
        .fetch_all(&mut *connection)
        .await
        .map_err(to_error)?;
    for table in tables {
        drop_table(connection, namespace, TableId(table.try_get(0).map_err(to_error)?)).await?;
        if is_over() {
            return Ok(false);
        }
    }
    for relation in relations(connection).await? {
        let delete = format!(
            "delete from ddb.{relation}
             where ctid = any (array(select ctid from ddb.{relation} where namespace = {namespace} limit {BATCH}))"
        );
        loop {
            let deleted =
                connection.execute(sqlx::raw_sql(AssertSqlSafe(delete.clone()))).await.map_err(to_error)?.rows_affected();
            if deleted < BATCH as u64 {
                break;
            }
            if is_over() {
                return Ok(false);
            }
        }
    }
    sqlx::query("update ddb.namespace set purged_at = (extract(epoch from clock_timestamp()) * 1000000)::bigint where id = $1")
        .bind(namespace.0)
        .execute(connection)
        .await
        .map_err(to_error)?;
    Ok(true)
}

/// The projection and what names it, together. A long read of it is not waited for: the next run tries again.
async fn drop_table(connection: &mut PgConnection, namespace: NamespaceId, table: TableId) -> Result<()> {
    let relation = projection::relation(namespace, table);
    let drop = format!(
        "begin; set local lock_timeout = '200ms'; drop table if exists {relation};
         delete from ddb.data_table where namespace = {namespace} and id = {table}; commit"
    );
    let dropped = connection.execute(sqlx::raw_sql(AssertSqlSafe(drop))).await;
    if dropped.is_err() {
        connection.execute("rollback").await.map_err(to_error)?;
    }
    dropped.map(|_| ()).map_err(to_error)
}

/// The relations of the schema `ddb` whose rows belong to a namespace, whichever migration made them.
async fn relations(connection: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query(
        "
        select c.relname::text
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid
        where n.nspname = 'ddb' and c.relkind = 'r' and a.attname = 'namespace' and not a.attisdropped
        order by c.relname
        ",
    )
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    rows.iter().map(|row| row.try_get(0).map_err(to_error)).collect()
}
