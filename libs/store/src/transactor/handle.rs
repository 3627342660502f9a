//! What requests hold of a transactor.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ddb_core::Error;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::queue::Pending;
use super::seats::Seats;
use super::task::Task;
use super::{Outcome, Queue, Refused, Write};
use crate::catalogue::Catalogue;
use crate::changes::Changes;
use crate::metrics::Metrics;
use crate::namespace::Namespace;
use crate::{IsNearlyFull, Once};

/// What a transactor needs besides its namespace.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) options: PgConnectOptions,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) changes: Arc<Changes>,
    pub(crate) seats: Arc<Seats>,
    pub(crate) patience: Duration,
    pub(crate) is_nearly_full: IsNearlyFull,
    pub(crate) metrics: Arc<Metrics>,
}

/// The handle that requests use.
pub(crate) struct Transactor {
    queue: Arc<Queue>,
    patience: Duration,
    task: tokio::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Transactor {
    /// That of `main` stays; any other one ends when there has been nothing to write for a while.
    pub(crate) fn start(namespace: Namespace, means: Means) -> Self {
        let patience = means.patience;
        let queue = Arc::new(Queue::new(means.metrics.clone()));
        let task = Task::new(namespace, means, queue.clone());
        let task = tokio::spawn(task.run());
        Self { queue, patience, task: tokio::sync::Mutex::new(Some(task)) }
    }

    /// Hands a write over and waits for its outcome. Dropping the future does not take the write back. It comes back where the transactor has ended.
    pub(crate) async fn write(
        &self,
        write: Write,
        once: Option<Once>,
    ) -> Result<Result<Outcome, Refused>, (Write, Option<Once>)> {
        let (answer, outcome) = oneshot::channel();
        let claimed = Arc::new(AtomicBool::new(false));
        match self.queue.push(Pending { write, once, answer, claimed: claimed.clone(), since: Instant::now() }) {
            Ok(Ok(())) => Ok(self.outcome(outcome, &claimed).await),
            Ok(Err(pending)) => Err((pending.write, pending.once)),
            Err(error) => Ok(Err(error.into())),
        }
    }

    /// Whether another one is needed to write.
    pub(crate) fn has_ended(&self) -> bool {
        self.queue.is_closed()
    }

    async fn outcome(
        &self,
        mut outcome: oneshot::Receiver<Result<Outcome, Refused>>,
        claimed: &AtomicBool,
    ) -> Result<Outcome, Refused> {
        let outcome = match tokio::time::timeout(self.patience, &mut outcome).await {
            Ok(outcome) => outcome,
            Err(_) => {
                if !claimed.swap(true, Ordering::AcqRel) {
                    return Err(Error::unavailable("the database is not reachable at the moment; nothing was written").into());
                }
                outcome.await
            }
        };
        outcome.unwrap_or_else(|_| {
            Err(Error::unavailable("the server stopped waiting for the write; whether it took effect is not known").into())
        })
    }

    /// Writes what waits, then ends.
    pub(crate) async fn stop(&self) {
        self.queue.close();
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the transactor did not end cleanly");
        }
    }
}
