//! What became of a commit whose answer was lost.

use std::time::{Duration, Instant};

use ddb_core::Tx;
use ddb_core::chain::Hash;
use sqlx::Row;

use super::{RECONNECT_DELAY, Task};
use crate::connection::to_error;
use crate::transactor::failure::Failure;
use crate::transactor::round_trip::limited;

/// How long the transactor tries to learn what became of a commit whose answer was lost, while its callers wait.
const DOUBT_LIMIT: Duration = Duration::from_secs(8);

impl Task {
    /// Whether the transaction stands in the log. The lock is taken first: once it is held, the session that was to commit
    /// has ended one way or the other. None where PostgreSQL could not be asked in time.
    pub(super) async fn was_committed(&mut self, tx: Tx, hash: &Hash) -> Option<bool> {
        let deadline = Instant::now() + DOUBT_LIMIT;
        loop {
            match self.look_up(tx, hash).await {
                Ok(committed) => {
                    tracing::info!(%tx, committed, "the outcome of the commit is known");
                    return Some(committed);
                }
                Err(_) if Instant::now() < deadline => {
                    self.lose_connection();
                    tokio::time::sleep(RECONNECT_DELAY).await;
                }
                Err(_) => {
                    self.lose_connection();
                    return None;
                }
            }
        }
    }

    async fn look_up(&mut self, tx: Tx, hash: &Hash) -> Result<bool, Failure> {
        self.begin("").await?;
        let namespace = self.namespace.id;
        let options = self.options.clone();
        let connection = self.connection().await?;
        let query = sqlx::query("select hash from ddb.tx where namespace = $1 and tx = $2").bind(namespace.0).bind(tx.0);
        let row = limited(&options, query.fetch_optional(&mut *connection)).await?;
        let found: Option<Vec<u8>> =
            row.map(|row| row.try_get(0)).transpose().map_err(|error| Failure::Refused(to_error(error)))?;
        self.roll_back().await;
        Ok(found.is_some_and(|found| found == hash))
    }
}
