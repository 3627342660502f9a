//! The pooled connections, for everything that is not a read by key and not a write of records.

use std::time::{Duration, Instant};

use ddb_core::{Error, ErrorCode, Result};
use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Either, Execute, Executor, PgPool, Postgres, SqlStr, Transaction};

use crate::connection::to_error;
use crate::metrics::PoolMetrics;

/// What a statement may take on top of the wait for a connection.
const STATEMENT: Duration = Duration::from_secs(1);

/// A pool whose statements end in time even where PostgreSQL has become silent: the connection of one that does not, or of one that nobody
/// waits for any more, is closed, since nobody knows whether it still lives.
#[derive(Debug, Clone)]
pub struct Pool {
    inner: PgPool,
    limit: Duration,
    metrics: PoolMetrics,
}

impl Pool {
    pub(crate) fn new(name: &'static str, options: PgConnectOptions, connections: u32, patience: Duration) -> Self {
        let inner = PgPoolOptions::new()
            .max_connections(connections)
            .min_connections(0)
            .acquire_timeout(patience)
            .idle_timeout(Duration::from_secs(60))
            // A dead connection shows at its first statement; asking beforehand would cost every statement a round trip.
            .test_before_acquire(false)
            .connect_lazy_with(options);
        let metrics = PoolMetrics::of(&inner, name);
        Self { inner, limit: patience + STATEMENT, metrics }
    }

    /// Waits for one of the connections.
    async fn connection(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        let asked = Instant::now();
        let connection = self.inner.acquire().await;
        self.metrics.waited(asked.elapsed());
        connection
    }

    /// A connection without a limit of time, for background work.
    pub async fn acquire(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        self.connection().await
    }

    /// A transaction; its beginning has a limit of time, its statements have none of their own.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let asked = Instant::now();
        let begun = self.limited(self.inner.begin()).await;
        self.metrics.waited(asked.elapsed());
        begun
    }

    /// What a request does with PostgreSQL; `UNAVAILABLE` where it takes too long.
    pub async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::time::timeout(self.limit, work).await.unwrap_or_else(|_| Err(to_error(silent())))
    }

    /// A connection for several statements of a request.
    pub(crate) async fn lease(&self) -> Result<Lease> {
        let connection = self.limited(self.connection()).await.map_err(to_error)?;
        Ok(Lease { connection: Some(connection) })
    }

    pub(crate) async fn close(&self) {
        self.inner.close().await;
    }

    async fn limited<T>(&self, work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
        tokio::time::timeout(self.limit, work).await.unwrap_or_else(|_| Err(silent()))
    }
}

fn silent() -> sqlx::Error {
    sqlx::Error::Protocol("PostgreSQL did not answer in time".to_owned())
}

/// A connection that goes back to the pool only after its statements have ended.
pub(crate) struct Lease {
    connection: Option<PoolConnection<Postgres>>,
}

impl Lease {
    pub(crate) fn connection(&mut self) -> &mut sqlx::PgConnection {
        self.connection.as_mut().expect("given back at the end only")
    }

    /// Ends the lease with its outcome. Behind a failure of the database the connection may be in the middle of something, so it is closed.
    pub(crate) fn settle<T>(self, outcome: Result<T>) -> Result<T> {
        let failed = |error: &Error| matches!(error.code(), ErrorCode::Internal | ErrorCode::Unavailable);
        if !outcome.as_ref().is_err_and(failed) {
            self.give_back();
        }
        outcome
    }

    pub(crate) fn give_back(mut self) {
        self.connection = None;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}

impl<'p> Executor<'p> for &'p Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, sqlx::Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let rows = self.limited(async move {
            let mut lease = Lease { connection: Some(self.connection().await?) };
            let rows: Result<Vec<_>, sqlx::Error> = lease.connection().fetch_many(query).try_collect().await;
            lease.give_back();
            rows
        });
        futures::stream::once(rows).map_ok(|rows| futures::stream::iter(rows.into_iter().map(Ok))).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(self.limited(async move {
            let mut lease = Lease { connection: Some(self.connection().await?) };
            let row = lease.connection().fetch_optional(query).await;
            lease.give_back();
            row
        }))
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'p: 'e,
    {
        Box::pin(self.limited(async move {
            let mut lease = Lease { connection: Some(self.connection().await?) };
            let statement = lease.connection().prepare_with(sql, parameters).await;
            lease.give_back();
            statement
        }))
    }
}
