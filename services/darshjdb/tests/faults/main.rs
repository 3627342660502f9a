//! What must hold when something breaks: `ddb` or PostgreSQL is killed, a disk is full or read-only, a connection is cut, a client goes
//! away, the log is tampered with.
//!
//! Each file names the mutants that it fails for. `make soak` runs the long forms.

mod bulk;
mod cut_connection;
mod durability;
mod erasure;
mod expiry;
mod full_disk;
mod idempotency_keys;
mod index_builds;
mod kill_ddb;
mod kill_postgres;
mod lost_updates;
mod neighbours;
mod postgres_away;
mod read_only_disk;
mod recovery;
mod soak;
mod tampering;
mod workload;

use tokio::sync::{Semaphore, SemaphorePermit};

/// Two at a time, whatever the machine: they measure time, and share one PostgreSQL with 40 connections.
async fn turn() -> SemaphorePermit<'static> {
    static TURNS: Semaphore = Semaphore::const_new(2);
    TURNS.acquire().await.expect("the semaphore is never closed")
}
