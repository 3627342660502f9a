//! Whether there is room to write. PostgreSQL stops when its disk is full, and reads stop with it, so writes are refused before.

use std::sync::Arc;
use std::time::Duration;

use ddb_core::{Error, Result};

use crate::Store;

/// A disk is not emptied within a second.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Whether the disk of the database has room for reads alone. Asked before each group of writes, so it takes no time worth mentioning.
pub type IsNearlyFull = Arc<dyn Fn() -> bool + Send + Sync>;

impl Store {
    /// `UNAVAILABLE` while there is room for reads alone.
    pub(crate) fn check_room(&self) -> Result<()> {
        if self.is_nearly_full() { Err(refused()) } else { Ok(()) }
    }
}

/// What is answered to a write meanwhile.
pub(crate) fn refused() -> Error {
    Error::unavailable("the disk of the database is nearly full; this request writes nothing until there is room")
        .with_retry_after(RETRY_AFTER)
}
