use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ddb_core::Error;
use tokio_util::sync::CancellationToken;

use crate::limit::Network;

/// When there are too many, a sixty-fourth of them gives way together: finding the oldest is then paid for by many newcomers.
const PART: usize = 64;

/// How many sockets may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketLimits {
    pub all: usize,
    /// From one network that is no trusted proxy.
    pub of_network: usize,
}

/// The open sockets of a process. A newcomer beyond the bounds takes the place of those that have been idle longest, of his own network where that has
/// too many; where all are in use he is refused. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sockets(Arc<Inner>);

struct Inner {
    limits: SocketLimits,
    begin: Instant,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    made: u64,
    places: HashMap<u64, Arc<Place>>,
    of_network: HashMap<Network, usize>,
}

struct Place {
    /// None: a trusted proxy.
    network: Option<Network>,
    /// Requests that are being answered, and writes that wait for the client.
    uses: AtomicUsize,
    /// When the last of them ended, in microseconds.
    idle_since: AtomicU64,
    leave: CancellationToken,
}

/// A socket's place among the open ones, until it is dropped.
pub(crate) struct Seat {
    number: u64,
    place: Arc<Place>,
    sockets: Sockets,
}

/// A socket that is in use, until this is dropped: it does not give way.
pub(crate) struct InUse {
    place: Arc<Place>,
    sockets: Sockets,
}

impl Sockets {
    pub(crate) fn new(limits: SocketLimits) -> Self {
        Self(Arc::new(Inner { limits, begin: Instant::now(), open: Mutex::default() }))
    }

    /// A place for a socket from there; 503 where there is none. None: from a trusted proxy, which is many clients.
    pub(crate) fn admit(&self, from: Option<IpAddr>) -> Result<Seat, Error> {
        let network = from.map(Network::of);
        let SocketLimits { all, of_network } = self.0.limits;
        let mut open = self.open();
        if let Some(network) = network
            && open.of_network.get(&network).is_some_and(|open| *open >= of_network)
            && !open.make_room(of_network.div_ceil(PART), |place| place.network == Some(network))
        {
            return Err(Error::unavailable("too many connections from this network are open and in use"));
        }
        if open.places.len() >= all && !open.make_room(all.div_ceil(PART), |_| true) {
            return Err(Error::unavailable("too many connections are open and in use"));
        }
        open.made += 1;
        let (number, idle_since) = (open.made, AtomicU64::new(self.now()));
        let place = Arc::new(Place { network, uses: AtomicUsize::new(0), idle_since, leave: CancellationToken::new() });
        open.places.insert(number, place.clone());
        if let Some(network) = network {
            *open.of_network.entry(network).or_default() += 1;
        }
        Ok(Seat { number, place, sockets: self.clone() })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        self.0.begin.elapsed().as_micros() as u64
    }
}

impl Open {
    /// Sends those away that have been idle longest, at most `number`; false where none is idle.
    fn make_room(&mut self, number: usize, which: impl Fn(&Place) -> bool) -> bool {
        let idle = self.places.iter().filter(|(_, place)| which(place) && place.uses.load(Ordering::Relaxed) == 0);
        let mut idle: Vec<(u64, u64)> = idle.map(|(number, place)| (place.idle_since.load(Ordering::Relaxed), *number)).collect();
        if idle.len() > number {
            idle.select_nth_unstable(number);
            idle.truncate(number);
        }
        for (_, number) in &idle {
            if let Some(place) = self.remove(*number) {
                place.leave.cancel();
            }
        }
        !idle.is_empty()
    }

    fn remove(&mut self, number: u64) -> Option<Arc<Place>> {
        let place = self.places.remove(&number)?;
        if let Some(network) = place.network
            && let Some(open) = self.of_network.get_mut(&network)
        {
            *open -= 1;
            if *open == 0 {
                self.of_network.remove(&network);
            }
        }
        Some(place)
    }
}

impl Seat {
    /// Waits until the socket has to give way to others.
    pub(crate) async fn taken(&self) {
        self.place.leave.cancelled().await;
    }

    pub(crate) fn user(&self) -> User {
        User { place: self.place.clone(), sockets: self.sockets.clone() }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.sockets.open().remove(self.number);
    }
}

/// Says when a socket is in use.
#[derive(Clone)]
pub(crate) struct User {
    place: Arc<Place>,
    sockets: Sockets,
}

impl User {
    pub(crate) fn begin(&self) -> InUse {
        self.place.uses.fetch_add(1, Ordering::Relaxed);
        InUse { place: self.place.clone(), sockets: self.sockets.clone() }
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.place.idle_since.store(self.sockets.now(), Ordering::Relaxed);
        self.place.uses.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(number: u32) -> Option<IpAddr> {
        Some(IpAddr::V4(number.into()))
    }

    #[track_caller]
    fn seat(sockets: &Sockets, from: Option<IpAddr>) -> Seat {
        let Ok(seat) = sockets.admit(from) else { panic!("no place") };
        seat
    }

    fn has_to_leave(seat: &Seat) -> bool {
        seat.place.leave.is_cancelled()
    }

    /// Mutants: the newest idle one gives way; one in use gives way.
    #[test]
    fn the_one_that_is_idle_longest_gives_way_and_none_that_is_in_use() {
        let sockets = Sockets::new(SocketLimits { all: 3, of_network: 3 });
        let seats: Vec<Seat> = (0..3).map(|number| seat(&sockets, from(number))).collect();
        let first = seats[0].user().begin();
        let fourth = seat(&sockets, from(4));
        assert_eq!(seats.iter().map(has_to_leave).collect::<Vec<_>>(), [false, true, false]);
        let (_third, _fourth) = (seats[2].user().begin(), fourth.user().begin());
        let error = sockets.admit(from(5)).err().expect("all are in use");
        assert_eq!(error.message(), "too many connections are open and in use");
        drop(first);
        assert!(sockets.admit(from(6)).is_ok() && has_to_leave(&seats[0]));
        drop(seats);
        drop(fourth);
        assert!(sockets.open().places.is_empty() && sockets.open().of_network.is_empty());
    }

    /// THREATS 56. Mutant: the bound of a network is not asked.
    #[test]
    fn a_network_with_too_many_takes_places_from_itself_alone() {
        let sockets = Sockets::new(SocketLimits { all: 100, of_network: 4 });
        let innocent = seat(&sockets, from(1));
        let many: Vec<Seat> = (0..50).map(|_| seat(&sockets, from(2))).collect();
        assert!(!has_to_leave(&innocent));
        assert_eq!(many.iter().filter(|seat| !has_to_leave(seat)).count(), 4);
        let _uses: Vec<InUse> = many.iter().filter(|seat| !has_to_leave(seat)).map(|seat| seat.user().begin()).collect();
        let error = sockets.admit(from(2)).err().expect("all of the network's are in use");
        assert_eq!(error.message(), "too many connections from this network are open and in use");
        // A proxy is not one client.
        assert!((0..50).all(|_| sockets.admit(None).is_ok()));
    }
}
