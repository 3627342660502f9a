use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// Requests of one asker that wait.
const MAX_WAITING_OF_ONE: usize = 64;

/// So many units at a time, of one asker no more than his part, and in turn among those who wait.
pub struct Turns<K: Clone + Eq + Hash> {
    state: Mutex<State<K>>,
    all: usize,
    of_one: usize,
}

/// Units that somebody has, until this is dropped.
pub struct Turn<K: Clone + Eq + Hash> {
    turns: Arc<Turns<K>>,
    asker: K,
    units: usize,
}

/// The units did not become free in time, or too many of the asker's requests wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

struct State<K: Clone + Eq + Hash> {
    free: usize,
    taken: HashMap<K, usize>,
    /// Of those in `order`, at least one each.
    waiting: HashMap<K, VecDeque<Waiting<K>>>,
    /// Those who wait, each once, in the order in which they are served.
    order: VecDeque<K>,
}

struct Waiting<K: Clone + Eq + Hash> {
    units: usize,
    sender: oneshot::Sender<Turn<K>>,
}

/// Whoever goes away while he waits may have stood before others.
struct Leaving<'a, K: Clone + Eq + Hash>(&'a Arc<Turns<K>>);

impl<K: Clone + Eq + Hash> Turns<K> {
    /// `all` units, of which one asker has `of_one` at most; or more for a single request that needs more.
    pub fn new(all: usize, of_one: usize) -> Arc<Self> {
        let state = State { free: all, taken: HashMap::new(), waiting: HashMap::new(), order: VecDeque::new() };
        Arc::new(Self { state: Mutex::new(state), all, of_one })
    }

    /// Waits for so many units, no longer than `patience`. Who needs more than there are gets all.
    pub async fn take(self: &Arc<Self>, asker: K, units: usize, patience: Duration) -> Result<Turn<K>, Busy> {
        // Dropped after the receiver, so that it finds the request gone.
        let _leaving = Leaving(self);
        let (sender, turn) = oneshot::channel();
        self.lock().push(asker, Waiting { units: units.min(self.all), sender })?;
        self.serve();
        match tokio::time::timeout(patience, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(Busy),
        }
    }

    /// Gives what is free to those who wait.
    fn serve(self: &Arc<Self>) {
        loop {
            let next = self.lock().next(self.of_one);
            let Some((asker, Waiting { units, sender })) = next else { return };
            // Whoever has gone meanwhile gives it back by dropping it: the lock is not held here.
            drop(sender.send(Turn { turns: self.clone(), asker, units }));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash> State<K> {
    fn push(&mut self, asker: K, request: Waiting<K>) -> Result<(), Busy> {
        let Some(waiting) = self.waiting.get_mut(&asker) else {
            self.order.push_back(asker.clone());
            self.waiting.insert(asker, VecDeque::from([request]));
            return Ok(());
        };
        waiting.retain(|request| !request.sender.is_closed());
        if waiting.len() >= MAX_WAITING_OF_ONE {
            return Err(Busy);
        }
        waiting.push_back(request);
        Ok(())
    }

    /// Takes units for the first in order who may have what he asks for; he goes to the end.
    fn next(&mut self, of_one: usize) -> Option<(K, Waiting<K>)> {
        let mut position = 0;
        while let Some(asker) = self.order.get(position) {
            let waiting = self.waiting.get_mut(asker)?;
            // Whoever waited too long has gone.
            waiting.retain(|request| !request.sender.is_closed());
            let Some(units) = waiting.front().map(|request| request.units) else {
                self.waiting.remove(asker);
                self.order.remove(position);
                continue;
            };
            let taken = self.taken.get(asker).copied().unwrap_or(0);
            if taken > 0 && taken + units > of_one {
                // He waits for himself.
                position += 1;
                continue;
            }
            if units > self.free {
                return None;
            }
            let request = waiting.pop_front()?;
            let is_last = waiting.is_empty();
            let asker = self.order.remove(position)?;
            if is_last {
                self.waiting.remove(&asker);
            } else {
                self.order.push_back(asker.clone());
            }
            self.free -= units;
            *self.taken.entry(asker.clone()).or_default() += units;
            return Some((asker, request));
        }
        None
    }

    fn end(&mut self, asker: &K, units: usize) {
        self.free += units;
        if let Some(taken) = self.taken.get_mut(asker) {
            *taken -= units;
            if *taken == 0 {
                self.taken.remove(asker);
            }
        }
    }
}

impl<K: Clone + Eq + Hash> Drop for Turn<K> {
    fn drop(&mut self) {
        self.turns.lock().end(&self.asker, self.units);
        self.turns.serve();
    }
}

impl<K: Clone + Eq + Hash> Drop for Leaving<'_, K> {
    fn drop(&mut self) {
        self.0.serve();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(50);
    const LATE: Duration = Duration::from_secs(20);

    async fn take(turns: &Arc<Turns<&'static str>>, asker: &'static str, units: usize) -> Turn<&'static str> {
        turns.take(asker, units, SOON).await.expect("free")
    }

    async fn is_busy(turns: &Arc<Turns<&'static str>>, asker: &'static str, units: usize) -> bool {
        turns.take(asker, units, SOON).await.is_err()
    }

    fn waiting(turns: &Arc<Turns<&'static str>>) -> usize {
        turns.lock().waiting.values().map(VecDeque::len).sum()
    }

    #[track_caller]
    fn assert_untouched(turns: &Arc<Turns<&'static str>>) {
        let state = turns.lock();
        assert_eq!((state.free, state.taken.len(), state.waiting.len(), state.order.len()), (turns.all, 0, 0, 0));
    }

    /// Mutant: `of_one` is not asked.
    #[tokio::test]
    async fn one_asker_never_has_more_than_his_part() {
        let turns = Turns::new(3, 2);
        let (a, b) = (take(&turns, "a", 1).await, take(&turns, "a", 1).await);
        assert!(is_busy(&turns, "a", 1).await);
        let c = take(&turns, "b", 1).await;
        assert!(is_busy(&turns, "c", 1).await, "three at a time");
        drop(a);
        let d = take(&turns, "c", 1).await;
        drop((b, c, d));
        assert_untouched(&turns);
        let only = Turns::new(1, 1);
        let held = take(&only, "a", 1).await;
        assert!(is_busy(&only, "b", 1).await);
        drop(held);
    }

    /// Mutants: a request of more than `of_one` waits for ever; one of more than `all` does.
    #[tokio::test]
    async fn a_large_request_is_served_alone() {
        let turns = Turns::new(10, 4);
        for units in [7, 10, 1000] {
            let large = take(&turns, "a", units).await;
            assert!(is_busy(&turns, "a", 1).await, "he has more than his part");
            assert_eq!(is_busy(&turns, "b", 3).await, units > 7);
            drop(large);
        }
        assert_untouched(&turns);
    }

    /// Mutants: who needs less is served first; whoever goes away leaves those behind him waiting.
    #[tokio::test]
    async fn what_is_large_is_not_overtaken_unless_it_goes_away() {
        let turns = Turns::new(10, 10);
        let held = take(&turns, "a", 6).await;
        let large = turns.take("b", 8, LATE);
        tokio::pin!(large);
        tokio::select! { _ = &mut large => panic!("it is not free"), () = tokio::time::sleep(SOON) => {} }
        assert!(is_busy(&turns, "c", 1).await);
        drop(held);
        let large = large.await.expect("free");
        assert!(is_busy(&turns, "c", 3).await);
        let gone = {
            let turns = turns.clone();
            tokio::spawn(async move { turns.take("d", 8, SOON).await.is_err() })
        };
        while !turns.lock().order.contains(&"d") {
            tokio::task::yield_now().await;
        }
        let small = turns.take("c", 1, LATE).await.expect("the one before him went away");
        assert!(gone.await.expect("it ends"));
        drop((large, small));
        assert_untouched(&turns);
    }

    /// Mutant: who was served goes to the front.
    #[tokio::test]
    async fn those_who_wait_are_served_in_turn() {
        let turns = Turns::new(1, 1);
        let held = take(&turns, "first", 1).await;
        let served = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for name in ["a", "a", "a", "a", "b", "b", "c"] {
            let (asked, served) = (turns.clone(), served.clone());
            tasks.push(tokio::spawn(async move {
                let turn = asked.take(name, 1, LATE).await.expect("a turn");
                served.lock().expect("no panic").push(name);
                drop(turn);
            }));
            while waiting(&turns) < tasks.len() {
                tokio::task::yield_now().await;
            }
        }
        assert!(is_busy(&turns, "gone", 1).await, "he waits no longer");
        drop(held);
        for task in tasks {
            task.await.expect("it ends");
        }
        assert_eq!(*served.lock().expect("no panic"), ["a", "b", "c", "a", "b", "a", "a"]);
        assert_untouched(&turns);
    }

    #[tokio::test]
    async fn so_many_of_one_asker_wait_and_no_more() {
        let turns = Turns::new(1, 1);
        let held = take(&turns, "a", 1).await;
        let of_one: Vec<_> = (0..MAX_WAITING_OF_ONE)
            .map(|_| {
                let turns = turns.clone();
                tokio::spawn(async move { turns.take("a", 1, LATE).await.is_ok() })
            })
            .collect();
        while waiting(&turns) < MAX_WAITING_OF_ONE {
            tokio::task::yield_now().await;
        }
        let asked = std::time::Instant::now();
        assert!(turns.take("a", 1, LATE).await.is_err());
        assert!(asked.elapsed() < LATE / 2, "at once");
        let other = turns.clone();
        let other = tokio::spawn(async move { other.take("b", 1, LATE).await.is_ok() });
        while waiting(&turns) <= MAX_WAITING_OF_ONE {
            tokio::task::yield_now().await;
        }
        drop(held);
        assert!(other.await.expect("it ends"));
        for task in of_one {
            assert!(task.await.expect("it ends"));
        }
    }
}
