use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ddb_core::{Error, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The part of the process's memory that bodies may take.
const PART: u64 = 4;
/// What is counted in.
const UNIT: usize = 1024;
/// A parsed body takes up to so many bytes for each byte of its text (44 were measured for `[[1],[1],…]`) …
const GROWTH: usize = 48;
/// … and no more than this, because the number of its values and keys is bounded (86 MB were measured).
const MOST_GROWTH: usize = 96 * 1024 * 1024;
/// The least that must fit: the largest body.
const LEAST: usize = 16 * 1024 * 1024 + MOST_GROWTH;
/// How long a body waits for its place.
const PATIENCE: Duration = Duration::from_secs(5);

/// What all bodies over 64 KB of a process may take at a time, as text and parsed. Smaller ones are not counted.
#[derive(Clone)]
pub(crate) struct BodyMemory {
    free: Arc<Semaphore>,
}

impl BodyMemory {
    pub(crate) fn new(memory_limit: u64) -> Self {
        let bytes = usize::try_from(memory_limit / PART).unwrap_or(usize::MAX).max(LEAST);
        Self { free: Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS))) }
    }

    pub(crate) fn request(&self) -> RequestMemory {
        RequestMemory { of: self.clone(), held: Arc::default() }
    }
}

/// The part that one request has, until the last clone is dropped.
#[derive(Clone)]
pub(crate) struct RequestMemory {
    of: BodyMemory,
    held: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
}

impl RequestMemory {
    /// Waits for the place that a body of `length` bytes needs; 503 where there is none in time.
    pub(crate) async fn reserve(&self, length: usize) -> Result<()> {
        let bytes = length + length.saturating_mul(GROWTH).min(MOST_GROWTH);
        let units = u32::try_from(bytes.div_ceil(UNIT)).map_err(Error::internal)?;
        let place = tokio::time::timeout(PATIENCE, self.of.free.clone().acquire_many_owned(units)).await;
        let full = || Error::unavailable("too many large bodies at a time; try again").with_retry_after(PATIENCE);
        let place = place.map_err(|_| full())?.map_err(Error::internal)?;
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ddb_core::ErrorCode;

    use super::*;

    const MEGABYTE: usize = 1 << 20;

    /// Mutant: the place is given back before the request ends.
    #[tokio::test]
    async fn large_bodies_wait_for_one_another_and_then_are_refused() {
        let memory = BodyMemory::new(0);
        let first = memory.request();
        first.reserve(16 * MEGABYTE).await.expect("the largest body has its place");
        let second = memory.request();
        let error = second.reserve(MEGABYTE).await.expect_err("there is none left");
        assert_eq!((error.code(), error.retry_after()), (ErrorCode::Unavailable, Some(PATIENCE)));
        let (waited, ()) = tokio::join!(second.reserve(MEGABYTE), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(first);
        });
        waited.expect("a place becomes free");
    }

    #[tokio::test]
    async fn more_memory_holds_more_bodies() {
        let memory = BodyMemory::new(4 << 30);
        let requests: Vec<_> = (0..9).map(|_| memory.request()).collect();
        for request in &requests {
            request.reserve(16 * MEGABYTE).await.expect("nine fit into a gigabyte");
        }
        assert!(memory.request().reserve(16 * MEGABYTE).await.is_err());
    }
}
