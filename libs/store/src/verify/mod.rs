//! Checks the log against its hash chain, the dictionaries against the names that were hashed, and the projections against
//! the facts, and the counters of quotas against the records. What it finds is reported, not mended; `rebuild` makes projections and counters anew.

mod chain;
mod erased;
mod job;
mod noted;
mod projections;
mod rebuild;
mod report;

pub use job::{job, verifier};
pub use rebuild::rebuild;
pub use report::{Problem, Report};

use ddb_core::{NamespaceId, Result, Tx};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use crate::Store;
use crate::connection::to_error;
use crate::job::Progress;

/// Verifies a namespace in one snapshot; the server may go on writing meanwhile.
///
/// Names and records are checked only with the whole chain: a part of it does not tell what they must be.
pub async fn verify(store: &Store, namespace: NamespaceId, scope: Scope<'_>, progress: &Progress) -> Result<Report> {
    let mut connection = snapshot(store, None).await?;
    let exported = sqlx::query("select pg_export_snapshot()").fetch_one(&mut connection).await.map_err(to_error)?;
    let mut facts = snapshot(store, Some(exported.try_get(0).map_err(to_error)?)).await?;
    let mut report = Report::new(namespace);
    progress.expect(extent(&mut connection, namespace, scope).await?);
    chain::check(&mut connection, namespace, scope, &mut report, progress).await?;
    if scope.is_whole() {
        projections::check(&mut connection, &mut facts, namespace, &mut report, progress).await?;
    }
    facts.close().await.map_err(to_error)?;
    connection.close().await.map_err(to_error)?;
    Ok(report)
}

/// The log alone, as the connection sees it.
pub(crate) async fn verify_log(connection: &mut PgConnection, namespace: NamespaceId) -> Result<Report> {
    let mut report = Report::new(namespace);
    chain::check(connection, namespace, Scope::whole(None), &mut report, &Progress::default()).await?;
    Ok(report)
}

/// What is verified.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// From this transaction on; 1 is the first.
    pub from: Tx,
    /// Up to this one; None: the newest.
    pub to: Option<Tx>,
    /// The hash (hex) of a transaction noted earlier: the chain must still contain it, so that cutting off the newest transactions shows.
    pub expected_head: Option<&'a str>,
}

impl<'a> Scope<'a> {
    /// All that there is.
    pub fn whole(expected_head: Option<&'a str>) -> Self {
        Self { from: Tx(1), to: None, expected_head }
    }

    fn is_whole(&self) -> bool {
        self.from <= Tx(1) && self.to.is_none()
    }
}

/// Transactions, and records where they are checked too.
async fn extent(connection: &mut PgConnection, namespace: NamespaceId, scope: Scope<'_>) -> Result<u64> {
    let row = sqlx::query(
        "
        select
            (select count(*) from ddb.tx where namespace = $1 and tx >= $2 and tx <= $3),
            case when $4 then (select count(*) from ddb.entity where namespace = $1 and key is not null) else 0 end
        ",
    )
    .bind(namespace.0)
    .bind(scope.from.0)
    .bind(scope.to.map_or(i64::MAX, |to| to.0))
    .bind(scope.is_whole())
    .fetch_one(connection)
    .await
    .map_err(to_error)?;
    let (transactions, records): (i64, i64) = (row.try_get(0).map_err(to_error)?, row.try_get(1).map_err(to_error)?);
    Ok((transactions + records).unsigned_abs())
}

/// A connection that sees one state until it is closed: its own, or the one that another connection exports.
pub(crate) async fn snapshot(store: &Store, exported: Option<&str>) -> Result<PgConnection> {
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
