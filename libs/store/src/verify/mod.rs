//! Checks the log against its hash chain, the dictionaries against the names that were hashed, and the projections against
//! the facts. What it finds is reported, not mended; `rebuild` makes the projections anew.

mod chain;
mod projections;
mod rebuild;
mod report;

pub use rebuild::rebuild;
pub use report::{Problem, Report};

use ddb_core::{NamespaceId, Result};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use crate::Store;
use crate::connection::to_error;

/// Verifies a namespace in one snapshot; the server may go on writing meanwhile.
///
/// `expected_head` is the hash (hex) of a transaction noted earlier: the chain must still contain it, so that cutting off the
/// newest transactions shows.
pub async fn verify(store: &Store, namespace: NamespaceId, expected_head: Option<&str>) -> Result<Report> {
    let mut connection = snapshot(store, None).await?;
    let exported = sqlx::query("select pg_export_snapshot()").fetch_one(&mut connection).await.map_err(to_error)?;
    let mut facts = snapshot(store, Some(exported.try_get(0).map_err(to_error)?)).await?;
    let mut report = Report::new(namespace);
    chain::check(&mut connection, namespace, expected_head, &mut report).await?;
    projections::check(&mut connection, &mut facts, namespace, &mut report).await?;
    facts.close().await.map_err(to_error)?;
    connection.close().await.map_err(to_error)?;
    Ok(report)
}

/// A connection that sees one state until it is closed: its own, or the one that another connection exports.
async fn snapshot(store: &Store, exported: Option<&str>) -> Result<PgConnection> {
    let mut connection = PgConnection::connect_with(store.options()).await.map_err(to_error)?;
    // Folding a large table takes longer than a request may.
    let begin = "set statement_timeout = 0; begin isolation level repeatable read read only";
    connection.execute(sqlx::raw_sql(begin)).await.map_err(to_error)?;
    if let Some(exported) = exported {
        // The statement takes no parameters; PostgreSQL made the name, of digits and dashes.
        let adopt = format!("set transaction snapshot '{exported}'");
        connection.execute(sqlx::raw_sql(AssertSqlSafe(adopt))).await.map_err(to_error)?;
    }
    Ok(connection)
}
