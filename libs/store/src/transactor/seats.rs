//! Connections of transactors are few, however many namespaces there are: each costs memory of the machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ddb_core::{Error, Result};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// How long a transactor keeps its seat while others wait for one: a connection anew costs milliseconds.
const TURN: Duration = Duration::from_millis(50);
/// How long one waits for a seat.
const PATIENCE: Duration = Duration::from_secs(5);

/// The seats that all namespaces share, but `main`, which has its own.
pub(crate) struct Seats {
    free: Arc<Semaphore>,
    wanted: Notify,
    waiting: AtomicUsize,
}

/// The right to a connection.
pub(crate) struct Seat {
    _permit: OwnedSemaphorePermit,
    since: Instant,
}

/// Counted as long as it waits.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Seats {
    pub(crate) fn new(count: u32) -> Self {
        Self { free: Arc::new(Semaphore::new(count.max(1) as usize)), wanted: Notify::new(), waiting: AtomicUsize::new(0) }
    }

    /// A seat that is free or, in turn, the next that somebody gives up: whoever has been idle for the longest time is asked for his.
    pub(crate) async fn take(&self) -> Result<Seat> {
        let taken = match self.free.clone().try_acquire_owned() {
            Ok(permit) => Ok(Ok(permit)),
            Err(_) => {
                self.waiting.fetch_add(1, Ordering::AcqRel);
                let _waiting = Waiting(&self.waiting);
                self.wanted.notify_one();
                tokio::time::timeout(PATIENCE, self.free.clone().acquire_owned()).await
            }
        };
        match taken {
            Ok(Ok(permit)) => Ok(Seat { _permit: permit, since: Instant::now() }),
            Ok(Err(closed)) => Err(Error::internal(closed)),
            Err(_) => Err(Error::unavailable("too many namespaces are written to at the moment; try again")),
        }
    }

    /// Waits until somebody wants the seat of one who has nothing to write; of all who wait here, the one that came first is asked.
    pub(crate) async fn wanted(&self, seat: &Seat) {
        while !self.is_wanted() {
            self.wanted.notified().await;
        }
        tokio::time::sleep_until(seat.since + TURN).await;
    }

    /// Whether one who has just written, and has more to write, gives his seat up.
    pub(crate) fn is_over(&self, seat: &Seat) -> bool {
        self.is_wanted() && seat.since.elapsed() >= TURN
    }

    fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }
}
