use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ddb_core::{Account, Error, NamespaceId, RecordKey, Result};
use ddb_turns::{Busy, LARGE, Turn, Turns, aside};

use crate::limit::Network;

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
/// How long one that was read waits until it is parsed: longer, because its client has sent it.
const PATIENCE_TO_PARSE: Duration = Duration::from_secs(10);

/// What all bodies over 64 KB of a process may take at a time, as text and parsed, and the cores that parse them; each in turn among those who send. Smaller ones
/// are not counted. Cheap to clone.
#[derive(Clone)]
pub(crate) struct LargeBodies {
    memory: Arc<Turns<Sender>>,
    cores: Arc<Turns<Sender>>,
}

/// Who sends: who is signed in, as far as that is known, else a network.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Sender {
    Account(NamespaceId, RecordKey),
    Network(Network),
}

/// Where a request comes from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) peer: IpAddr,
    /// As far as its access token is known to be good.
    pub(crate) account: Option<Arc<Account>>,
}

impl Origin {
    fn sender(&self) -> Sender {
        match &self.account {
            Some(account) => Sender::Account(account.namespace, account.key.clone()),
            None => Sender::Network(Network::of(self.peer)),
        }
    }
}

impl LargeBodies {
    /// One core is left to everything else. Nobody has more than half of the memory, but for a single body that needs more.
    pub(crate) fn new(memory_limit: u64, cores: usize) -> Self {
        let units = usize::try_from(memory_limit / PART).unwrap_or(usize::MAX).max(LEAST) / UNIT;
        let cores = cores.saturating_sub(1).max(1);
        Self { memory: Turns::new(units, units / 2), cores: Turns::new(cores, cores.div_ceil(2)) }
    }

    pub(crate) fn place(&self, origin: Origin) -> Place {
        Place { of: self.clone(), origin, held: Arc::default() }
    }
}

/// The part that the body of one request has, until the last clone is dropped.
#[derive(Clone)]
pub(crate) struct Place {
    of: LargeBodies,
    origin: Origin,
    held: Arc<Mutex<Option<Turn<Sender>>>>,
}

impl Place {
    /// Waits for the memory that a body of `length` bytes needs; 503 where there is none in time.
    pub(crate) async fn reserve(&self, length: usize) -> Result<()> {
        let bytes = length + length.saturating_mul(GROWTH).min(MOST_GROWTH);
        let taking = self.of.memory.take(self.origin.sender(), bytes.div_ceil(UNIT), PATIENCE);
        let taken = taking.await.map_err(too_many)?;
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(taken);
        Ok(())
    }

    /// Makes something of a body of `length` bytes: off the threads that serve everybody where it is large, and then in turn; 503 where that takes too long.
    /// A client that goes away while it waits costs nothing.
    pub(crate) async fn compute<T>(&self, length: usize, work: impl FnOnce() -> Result<T>) -> Result<T> {
        if length <= LARGE {
            return work();
        }
        let _turn = self.of.cores.take(self.origin.sender(), 1, PATIENCE_TO_PARSE).await.map_err(too_many)?;
        aside(work)
    }
}

fn too_many(_: Busy) -> Error {
    Error::unavailable("too many large bodies at a time; try again").with_retry_after(PATIENCE)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use ddb_core::ErrorCode;

    use super::*;

    const MEGABYTE: usize = 1 << 20;

    fn place(bodies: &LargeBodies, number: u32) -> Place {
        bodies.place(Origin { peer: Ipv4Addr::from(number).into(), account: None })
    }

    /// Mutant: the place is given back before the request ends.
    #[tokio::test]
    async fn large_bodies_wait_for_one_another_and_then_are_refused() {
        let bodies = LargeBodies::new(0, 2);
        let first = place(&bodies, 1);
        first.reserve(16 * MEGABYTE).await.expect("the largest body has its place");
        let second = place(&bodies, 2);
        let error = second.reserve(MEGABYTE).await.expect_err("there is none left");
        assert_eq!((error.code(), error.retry_after()), (ErrorCode::Unavailable, Some(PATIENCE)));
        let (waited, ()) = tokio::join!(second.reserve(MEGABYTE), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(first);
        });
        waited.expect("a place becomes free");
    }

    /// Mutant: one sender may have all.
    #[tokio::test]
    async fn more_memory_holds_more_bodies_and_half_of_it_is_kept_from_one_sender() {
        let bodies = LargeBodies::new(4 << 30, 2);
        let places: Vec<_> = [1, 1, 1, 1, 2, 2, 2, 2, 3].map(|number| place(&bodies, number)).into();
        for place in &places {
            place.reserve(16 * MEGABYTE).await.expect("nine fit into a gigabyte");
        }
        assert!(place(&bodies, 4).reserve(16 * MEGABYTE).await.is_err());
        drop(places);
        let places: Vec<_> = (0..4).map(|_| place(&bodies, 1)).collect();
        for place in &places {
            place.reserve(16 * MEGABYTE).await.expect("four are less than half");
        }
        let (more, other) = (place(&bodies, 1), place(&bodies, 2));
        let (more, other) = tokio::join!(more.reserve(16 * MEGABYTE), other.reserve(16 * MEGABYTE));
        assert!(more.is_err() && other.is_ok());
    }
}
