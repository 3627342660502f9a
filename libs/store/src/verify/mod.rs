//! Checks the log against its hash chain, the dictionaries against the names that were hashed, and the projections against
//! the facts. What it finds is reported, not mended; `rebuild` makes the projections anew.

mod chain;
mod projections;
mod rebuild;
mod report;

pub use rebuild::rebuild;
pub use report::{Problem, Report};

use ddb_core::{NamespaceId, Result};
use sqlx::{Connection, Executor, PgConnection};

use crate::Store;
use crate::connection::to_error;

/// Verifies a namespace in one snapshot; the server may go on writing meanwhile.
///
/// `expected_head` is the hash (hex) of a transaction noted earlier: the chain must still contain it, so that cutting off the
/// newest transactions shows.
pub async fn verify(store: &Store, namespace: NamespaceId, expected_head: Option<&str>) -> Result<Report> {
    let mut connection = PgConnection::connect_with(store.options()).await.map_err(to_error)?;
    // Folding a large table takes longer than a request may.
    let snapshot = "set statement_timeout = 0; begin isolation level repeatable read read only";
    connection.execute(sqlx::raw_sql(snapshot)).await.map_err(to_error)?;
    let mut report = Report::new(namespace);
    chain::check(&mut connection, namespace, expected_head, &mut report).await?;
    projections::check(&mut connection, namespace, &mut report).await?;
    connection.close().await.map_err(to_error)?;
    Ok(report)
}
