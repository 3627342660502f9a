//! Who may hold a snapshot: so many at a time, of one caller fewer than all, and in turn among those who wait.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ddb_core::{Error, NamespaceId, RecordKey, Result};
use tokio::sync::oneshot;

/// Requests of one caller that wait.
const MAX_WAITING_OF_ONE: usize = 64;

/// Whose turn it is: an account of a namespace. Whoever has none is one caller with all others who have none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Asker(NamespaceId, Option<RecordKey>);

pub(crate) struct Turns {
    state: Mutex<State>,
    /// Turns that one caller has at a time.
    of_one: usize,
}

struct State {
    free: usize,
    taken: HashMap<Asker, usize>,
    waiting: HashMap<Asker, VecDeque<oneshot::Sender<Turn>>>,
    /// Those who wait, in the order in which they are served.
    order: VecDeque<Asker>,
}

/// Ends when it is dropped.
pub(crate) struct Turn {
    turns: Arc<Turns>,
    asker: Asker,
}

impl Asker {
    pub(crate) fn new(namespace: NamespaceId, account: Option<&RecordKey>) -> Self {
        Self(namespace, account.cloned())
    }
}

impl Turns {
    /// `count` at a time, of which one is never taken by the caller who has all others.
    pub(crate) fn new(count: usize) -> Arc<Self> {
        let state = State { free: count, taken: HashMap::new(), waiting: HashMap::new(), order: VecDeque::new() };
        Arc::new(Self { state: Mutex::new(state), of_one: count.saturating_sub(1).max(1) })
    }

    /// Waits for a turn; `UNAVAILABLE` where that takes longer than `patience`.
    pub(crate) async fn take(self: &Arc<Self>, asker: Asker, patience: Duration) -> Result<Turn> {
        let busy = || Error::unavailable("too many queries are looking through tables at the moment; ask again");
        let (sender, turn) = oneshot::channel();
        {
            let mut state = self.lock();
            let waiting = state.waiting.entry(asker.clone()).or_default();
            waiting.retain(|sender| !sender.is_closed());
            if waiting.len() >= MAX_WAITING_OF_ONE {
                return Err(busy());
            }
            waiting.push_back(sender);
            if !state.order.contains(&asker) {
                state.order.push_back(asker);
            }
        }
        self.serve();
        match tokio::time::timeout(patience, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(busy()),
        }
    }

    /// Gives the free turns to those who wait.
    fn serve(self: &Arc<Self>) {
        loop {
            let next = self.lock().next(self.of_one);
            let Some((asker, sender)) = next else { return };
            // Whoever has gone meanwhile gives it back by dropping it: the lock is not held here.
            drop(sender.send(Turn { turns: self.clone(), asker }));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes a turn for the first in order who may have one more; he goes to the end.
    fn next(&mut self, of_one: usize) -> Option<(Asker, oneshot::Sender<Turn>)> {
        while self.free > 0 {
            let may = |asker: &Asker| self.taken.get(asker).copied().unwrap_or(0) < of_one;
            let position = self.order.iter().position(may)?;
            let asker = self.order.remove(position)?;
            let waiting = self.waiting.entry(asker.clone()).or_default();
            // Whoever waited too long has gone.
            waiting.retain(|sender| !sender.is_closed());
            let sender = waiting.pop_front();
            if waiting.is_empty() {
                self.waiting.remove(&asker);
            } else {
                self.order.push_back(asker.clone());
            }
            if let Some(sender) = sender {
                self.free -= 1;
                *self.taken.entry(asker.clone()).or_default() += 1;
                return Some((asker, sender));
            }
        }
        None
    }

    fn end(&mut self, asker: &Asker) {
        self.free += 1;
        if let Some(taken) = self.taken.get_mut(asker) {
            *taken -= 1;
            if *taken == 0 {
                self.taken.remove(asker);
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.lock().end(&self.asker);
        self.turns.serve();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(50);
    const LATE: Duration = Duration::from_secs(20);

    fn asker(name: &str) -> Asker {
        Asker::new(NamespaceId::MAIN, Some(&RecordKey::String(name.to_owned())))
    }

    async fn is_busy(turns: &Arc<Turns>, asker: Asker) -> bool {
        turns.take(asker, SOON).await.is_err()
    }

    /// Mutant: `of_one` is `count`.
    #[tokio::test]
    async fn one_caller_never_has_all_turns() {
        let turns = Turns::new(3);
        let (a, b) = (turns.take(asker("a"), SOON).await.expect("free"), turns.take(asker("a"), SOON).await.expect("free"));
        assert!(is_busy(&turns, asker("a")).await);
        let c = turns.take(asker("b"), SOON).await.expect("kept for others");
        assert!(is_busy(&turns, asker("c")).await, "three at a time");
        drop(a);
        let d = turns.take(asker("c"), SOON).await.expect("free again");
        drop((b, c, d));
        assert_eq!(turns.lock().free, 3);
        assert!(turns.lock().taken.is_empty());
        let nobody = || Asker::new(NamespaceId::MAIN, None);
        let (e, f) = (turns.take(nobody(), SOON).await.expect("free"), turns.take(nobody(), SOON).await.expect("free"));
        assert!(is_busy(&turns, nobody()).await, "whoever has no account is one caller with the others");
        drop((e, f));
        let only = Turns::new(1);
        let held = only.take(asker("a"), SOON).await.expect("one is all");
        assert!(is_busy(&only, asker("b")).await);
        drop(held);
    }

    /// Mutant: who was served goes to the front.
    #[tokio::test]
    async fn those_who_wait_are_served_in_turn() {
        let turns = Turns::new(1);
        let held = turns.take(asker("first"), SOON).await.expect("free");
        let served = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for name in ["a", "a", "a", "a", "b", "b", "c"] {
            let (waiting, served) = (turns.clone(), served.clone());
            tasks.push(tokio::spawn(async move {
                let turn = waiting.take(asker(name), LATE).await.expect("a turn");
                served.lock().expect("no panic").push(name);
                drop(turn);
            }));
            while turns.lock().waiting.values().map(VecDeque::len).sum::<usize>() < tasks.len() {
                tokio::task::yield_now().await;
            }
        }
        assert!(is_busy(&turns, asker("gone")).await, "he waits no longer");
        drop(held);
        for task in tasks {
            task.await.expect("it ends");
        }
        assert_eq!(*served.lock().expect("no panic"), ["a", "b", "c", "a", "b", "a", "a"]);
        let state = turns.lock();
        assert_eq!((state.free, state.taken.len(), state.waiting.len(), state.order.len()), (1, 0, 0, 0));
    }

    #[tokio::test]
    async fn so_many_of_one_caller_wait_and_no_more() {
        let turns = Turns::new(1);
        let held = turns.take(asker("a"), SOON).await.expect("free");
        let waiting: Vec<_> = (0..MAX_WAITING_OF_ONE)
            .map(|_| {
                let turns = turns.clone();
                tokio::spawn(async move { turns.take(asker("a"), LATE).await.is_ok() })
            })
            .collect();
        while turns.lock().waiting.values().map(VecDeque::len).sum::<usize>() < MAX_WAITING_OF_ONE {
            tokio::task::yield_now().await;
        }
        let asked = std::time::Instant::now();
        assert!(turns.take(asker("a"), LATE).await.is_err());
        assert!(asked.elapsed() < LATE / 2, "at once");
        let other = turns.clone();
        let other = tokio::spawn(async move { other.take(asker("b"), LATE).await.is_ok() });
        while !turns.lock().order.contains(&asker("b")) {
            tokio::task::yield_now().await;
        }
        drop(held);
        assert!(other.await.expect("it ends"));
        for task in waiting {
            assert!(task.await.expect("it ends"));
        }
    }
}
