//! What waits to be written: bounded, and fair per caller.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ddb_core::{Error, Result, TableName};
use tokio::sync::{Notify, oneshot};

use super::{Outcome, Refused, Write};
use crate::kept::KeptKey;
use crate::metrics::Metrics;
use crate::{Once, SystemRow};

/// Requests of one group. While one group is in PostgreSQL the next one queues up, so a cap below the number of busy clients
/// keeps both sides working; measured in `services/darshjdb/benches/README.md`.
const MAX_GROUP: usize = 64;
/// Steps of one group, so that the time under the lock stays bounded; a single larger request goes alone.
const MAX_GROUP_STEPS: usize = 1_000;
/// Projections that one group touches.
const MAX_GROUP_TABLES: usize = 4;
/// Requests that wait, of all callers and of one.
const MAX_WAITING: usize = 2_048;
const MAX_WAITING_OF_ONE: usize = 512;

/// A request and the way back to who waits for it.
pub(crate) struct Pending {
    pub(crate) write: Write,
    pub(crate) once: Option<Once>,
    pub(crate) answer: oneshot::Sender<Result<Outcome, Refused>>,
    /// Set by whoever comes first: the transactor, which takes the request up, or its caller, who gives it up.
    pub(crate) claimed: Arc<AtomicBool>,
    /// When it arrived.
    pub(crate) since: Instant,
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

impl Pending {
    /// What its answer is kept under; None for a request that may be repeated.
    pub(crate) fn kept_key(&self) -> Option<KeptKey> {
        let once = self.once.as_ref()?;
        Some((once.caller.clone(), once.key.clone(), once.part))
    }

    /// Takes the request up; false where its caller gave it up before.
    fn claim(&self) -> bool {
        !self.claimed.swap(true, Ordering::AcqRel)
    }
}

pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Notify,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Waiting {
    lanes: HashMap<Lane, VecDeque<Pending>>,
    /// The lanes that hold requests, in the order in which they are served.
    turns: VecDeque<Lane>,
    count: usize,
    closed: bool,
}

/// Whose request it is: the actor's key as text; the system's and sign-ups share one.
type Lane = Option<String>;

impl Queue {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self { waiting: Mutex::default(), arrived: Notify::new(), metrics }
    }

    /// `UNAVAILABLE` where too much is waiting; the request comes back where the queue is closed.
    pub(crate) fn push(&self, pending: Pending) -> Result<Result<(), Box<Pending>>> {
        let lane: Lane = pending.write.actor.as_ref().map(|key| format!("{key:?}"));
        let mut waiting = self.lock();
        if waiting.closed {
            return Ok(Err(Box::new(pending)));
        }
        if waiting.count >= MAX_WAITING {
            return Err(Error::unavailable("too many writes are waiting"));
        }
        let requests = waiting.lanes.entry(lane.clone()).or_default();
        if requests.len() >= MAX_WAITING_OF_ONE {
            return Err(Error::unavailable("too many writes of this caller are waiting"));
        }
        requests.push_back(pending);
        if requests.len() == 1 {
            waiting.turns.push_back(lane);
        }
        waiting.count += 1;
        self.metrics.queue_length.add(1, &[]);
        drop(waiting);
        self.arrived.notify_one();
        Ok(Ok(()))
    }

    /// Waits for requests and takes a group of them; None once the queue is closed and empty.
    pub(crate) async fn take_group(&self) -> Option<Vec<Pending>> {
        loop {
            let arrived = self.arrived.notified();
            {
                let mut waiting = self.lock();
                let before = waiting.count;
                let group = waiting.take_group();
                let taken = before - waiting.count;
                if taken > 0 {
                    self.metrics.queue_length.add(-(taken as i64), &[]);
                }
                if !group.is_empty() {
                    return Some(group);
                }
                if waiting.closed {
                    return None;
                }
            }
            arrived.await;
        }
    }

    /// Refuses further requests; what waits is still written.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// The same where nothing waits; false where something does.
    pub(crate) fn close_if_empty(&self) -> bool {
        let mut waiting = self.lock();
        waiting.closed |= waiting.count == 0;
        waiting.closed
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let left = self.lock().count;
        self.metrics.queue_length.add(-(left as i64), &[]);
    }
}

impl Waiting {
    /// One request of each caller in turn, until the group is full.
    fn take_group(&mut self) -> Vec<Pending> {
        let mut group: Vec<Pending> = Vec::new();
        let mut tables: HashSet<TableName> = HashSet::new();
        let mut steps = 0;
        while group.len() < MAX_GROUP {
            let Some(lane) = self.turns.front() else { break };
            let requests = self.lanes.get_mut(lane).expect("a lane that has a turn has requests");
            let next = requests.front().expect("a lane that has a turn has requests");
            let fits = !goes_alone(&next.write)
                && !group.iter().any(|pending| goes_alone(&pending.write))
                && steps + next.write.steps.len() <= MAX_GROUP_STEPS
                && tables.union(&tables_of(&next.write)).count() <= MAX_GROUP_TABLES;
            if !group.is_empty() && !fits {
                break;
            }
            let lane = self.turns.pop_front().expect("looked at above");
            let requests = self.lanes.get_mut(&lane).expect("looked at above");
            let next = requests.pop_front().expect("looked at above");
            self.count -= 1;
            if requests.is_empty() {
                self.lanes.remove(&lane);
            } else {
                self.turns.push_back(lane);
            }
            if next.claim() {
                steps += next.write.steps.len();
                tables.extend(tables_of(&next.write));
                group.push(next);
            }
        }
        group
    }
}

/// No other write may change the past that it decides on, nor name a record anew whose name it erases.
fn goes_alone(write: &Write) -> bool {
    let erases = write.system.iter().any(|row| matches!(row, SystemRow::Erasure(_)));
    erases || write.steps.iter().any(|step| step.past.is_some())
}

fn tables_of(write: &Write) -> HashSet<TableName> {
    write.steps.iter().map(|step| step.table.clone()).collect()
}

#[cfg(test)]
mod tests {
    use ddb_core::{NamespaceId, RecordKey};

    use super::*;
    use crate::{Allowance, Change, Step};

    fn pending(caller: &str, tables: &[&str]) -> Pending {
        let steps = tables.iter().map(|table| Step {
            table: TableName::parse(table).expect("a name"),
            key: RecordKey::Int(1),
            makes_table: false,
            past: None,
            decide: Box::new(|_| Ok(Change::Keep)),
        });
        let write = Write {
            namespace: NamespaceId::MAIN,
            actor: Some(RecordKey::String(caller.to_owned())),
            request: None,
            allowance: Allowance::ANY,
            steps: steps.collect(),
            system: Vec::new(),
        };
        Pending { write, once: None, answer: oneshot::channel().0, claimed: Arc::default(), since: Instant::now() }
    }

    fn queue() -> Queue {
        Queue::new(Arc::new(Metrics::new()))
    }

    fn callers(group: &[Pending]) -> Vec<String> {
        group.iter().map(|pending| format!("{:?}", pending.write.actor)).collect()
    }

    #[tokio::test]
    async fn a_busy_caller_does_not_keep_others_waiting() {
        let queue = queue();
        for _ in 0..MAX_WAITING_OF_ONE {
            queue.push(pending("busy", &["a"])).expect("room").expect("open");
        }
        assert!(queue.push(pending("busy", &["a"])).is_err(), "one caller's share is bounded");
        queue.push(pending("other", &["a"])).expect("room for others").expect("open");
        let group = queue.take_group().await.expect("a group");
        assert_eq!(group.len(), MAX_GROUP);
        assert!(callers(&group)[..2].iter().any(|caller| caller.contains("other")), "the other caller has the second turn");
    }

    #[tokio::test]
    async fn a_group_touches_four_tables_at_most() {
        let queue = queue();
        for table in ["a", "b", "c", "d", "a", "e", "a"] {
            queue.push(pending("one", &[table])).expect("room").expect("open");
        }
        assert_eq!(queue.take_group().await.expect("a group").len(), 5);
        assert_eq!(queue.take_group().await.expect("a group").len(), 2);
        queue.push(pending("one", &["a", "b", "c", "d", "e"])).expect("room").expect("open");
        assert_eq!(queue.take_group().await.expect("a larger one goes alone").len(), 1);
    }

    #[tokio::test]
    async fn a_write_that_wants_to_know_the_past_goes_alone() {
        let queue = queue();
        let past = || {
            let mut pending = pending("one", &["a"]);
            pending.write.steps[0].past = Some(crate::Past::BeforeDeletion);
            pending
        };
        for pending in [pending("one", &["a"]), past(), past(), pending("one", &["a"])] {
            queue.push(pending).expect("room").expect("open");
        }
        for _ in 0..4 {
            assert_eq!(queue.take_group().await.expect("a group").len(), 1);
        }
    }

    #[tokio::test]
    async fn an_erasure_goes_alone() {
        // Mutant: `erases` is always false. What is made anew under an erased key in the same group would be the erased record.
        let queue = queue();
        let erasure = || {
            let mut pending = pending("one", &["a"]);
            pending.write.system.push(SystemRow::Erasure(crate::system::NewErasure::default()));
            pending
        };
        for pending in [pending("one", &["a"]), erasure(), erasure(), pending("one", &["a"])] {
            queue.push(pending).expect("room").expect("open");
        }
        for _ in 0..4 {
            assert_eq!(queue.take_group().await.expect("a group").len(), 1);
        }
    }

    #[tokio::test]
    async fn what_was_given_up_is_not_written() {
        let queue = queue();
        let given_up = pending("one", &["a"]);
        given_up.claimed.store(true, Ordering::Release);
        queue.push(given_up).expect("room").expect("open");
        queue.push(pending("one", &["a"])).expect("room").expect("open");
        assert_eq!(queue.take_group().await.expect("a group").len(), 1);
        queue.close();
        assert!(queue.take_group().await.is_none());
        assert!(queue.push(pending("one", &["a"])).is_ok_and(|pushed| pushed.is_err()), "closed");
    }
}
