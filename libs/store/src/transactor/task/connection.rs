//! The connection that a group is committed on, and the lock of the namespace.

use std::time::Instant;

use ddb_core::NamespaceId;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::Task;
use crate::transactor::failure::Failure;
use crate::transactor::round_trip::{ANSWER_WITHIN, limited, silent};

/// Classifies the advisory locks of namespaces: "DDB" and a zero byte.
const LOCK_CLASS: i32 = 0x4444_4200;

/// Takes the namespace's lock until the transaction ends.
pub(crate) fn lock_statement(namespace: NamespaceId) -> String {
    format!("select pg_advisory_xact_lock({LOCK_CLASS}, {namespace})")
}

impl Task {
    /// Gives connection and seat up.
    pub(super) async fn stand_up(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::debug!(%error, "closing the transactor's connection");
        }
        self.locked_since = None;
        self.seat = None;
    }

    /// `name` tells PostgreSQL's views for whom the transaction is.
    pub(super) async fn begin(&mut self, name: &str) -> Result<(), Failure> {
        let begin = format!("begin isolation level read committed; {name}{}", lock_statement(self.namespace.id));
        let options = self.options.clone();
        let connection = self.connection().await?;
        let asked = Instant::now();
        let begun = limited(&options, async { connection.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await }).await;
        self.metrics.lock_wait(asked.elapsed());
        self.locked_since = begun.is_ok().then(Instant::now);
        begun.map(|_| ()).map_err(|failure| match failure {
            Failure::Refused(error) => Failure::Busy(error),
            other => other,
        })
    }

    /// Nobody knows what became of the transaction, nor of the lock.
    pub(super) fn lose_connection(&mut self) {
        self.connection = None;
        self.locked_since = None;
    }

    /// The transaction has ended, and with it the lock.
    pub(super) fn unlocked(&mut self) {
        if let Some(since) = self.locked_since.take() {
            self.metrics.lock_held(since.elapsed());
        }
    }

    pub(super) async fn roll_back(&mut self) {
        if let Some(connection) = self.connection.as_mut()
            && limited(&self.options, async { connection.execute(sqlx::raw_sql("rollback")).await }).await.is_err()
        {
            self.lose_connection();
        }
        self.unlocked();
    }

    pub(super) async fn connection(&mut self) -> Result<&mut PgConnection, Failure> {
        if let (Some(seats), None) = (&self.seats, &self.seat) {
            self.seat = Some(seats.take().await.map_err(Failure::Busy)?);
        }
        if self.connection.is_none() {
            let connecting = tokio::time::timeout(ANSWER_WITHIN, PgConnection::connect_with(&self.options));
            // Whatever keeps a connection from being made may pass: too many clients, starting up, a wrong password file.
            let connected = connecting.await.map_err(|_| Failure::Lost(silent()))?.map_err(Failure::Lost)?;
            self.connection = Some(connected);
        }
        Ok(self.connection.as_mut().expect("made above"))
    }
}
