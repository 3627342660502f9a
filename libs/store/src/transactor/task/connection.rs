//! The connection that a group is committed on, and the lock of the namespace.

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
        self.seat = None;
    }

    pub(super) async fn begin(&mut self) -> Result<(), Failure> {
        let begin = format!("begin isolation level read committed; {}", lock_statement(self.namespace.id));
        let options = self.options.clone();
        let connection = self.connection().await?;
        let begun = limited(&options, async { connection.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await }).await;
        begun.map(|_| ()).map_err(|failure| match failure {
            Failure::Refused(error) => Failure::Busy(error),
            other => other,
        })
    }

    pub(super) async fn roll_back(&mut self) {
        if let Some(connection) = self.connection.as_mut()
            && limited(&self.options, async { connection.execute(sqlx::raw_sql("rollback")).await }).await.is_err()
        {
            self.connection = None;
        }
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
