//! Which tables this process has changed, by which transactions.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ddb_core::chain::Hash;
use ddb_core::{NamespaceId, TableId, Tx};

/// Heads of a streak that are remembered: more than are committed while somebody asks for the newest one.
const RECENT: usize = 64;

/// A transaction with its hash, which stands for everything before it too: where PostgreSQL has gone back to an older state, or another server has taken
/// its place, other transactions bear the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHead {
    pub tx: Tx,
    pub hash: Hash,
}

/// A head, as far as this process can compare it with later ones.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    head: LogHead,
    /// The streak that the head belongs to, where it is known to.
    streak: Option<u64>,
}

/// What this process has committed without another one in between. Of transactions that others made it knows nothing.
#[derive(Default)]
pub(crate) struct Changes {
    namespaces: Mutex<Namespaces>,
}

#[derive(Default)]
struct Namespaces {
    streaks: HashMap<NamespaceId, Streak>,
    /// How many streaks there have been.
    count: u64,
}

/// Transactions that this process committed one behind the other.
struct Streak {
    number: u64,
    /// What stood in the log before the first, and the newest heads.
    recent: VecDeque<LogHead>,
    /// The newest transaction that may have changed the table.
    newest: HashMap<TableId, Tx>,
}

impl Changes {
    /// The transactions behind `after` up to `to` were committed, and changed no other tables. In the order of the commits.
    pub(crate) fn committed(
        &self,
        namespace: NamespaceId,
        after: LogHead,
        to: LogHead,
        tables: impl IntoIterator<Item = TableId>,
    ) {
        let mut namespaces = self.lock();
        let Namespaces { streaks, count } = &mut *namespaces;
        if streaks.get(&namespace).is_none_or(|streak| streak.recent.back() != Some(&after)) {
            *count += 1;
            streaks.insert(namespace, Streak { number: *count, recent: VecDeque::from([after]), newest: HashMap::new() });
        }
        let Some(streak) = streaks.get_mut(&namespace) else { return };
        if streak.recent.len() == RECENT {
            streak.recent.pop_front();
        }
        streak.recent.push_back(to);
        streak.newest.extend(tables.into_iter().map(|table| (table, to.tx)));
    }

    /// A head that PostgreSQL has told.
    pub(crate) fn place(&self, namespace: NamespaceId, head: LogHead) -> Place {
        let namespaces = self.lock();
        let streak = namespaces.streaks.get(&namespace).filter(|streak| streak.recent.contains(&head));
        Place { head, streak: streak.map(|streak| streak.number) }
    }

    /// Whether it is known that none of the transactions behind `since` up to `head` changed one of the tables.
    pub(crate) fn are_unchanged(&self, namespace: NamespaceId, tables: &[TableId], since: Place, head: LogHead) -> bool {
        if since.head == head {
            return true;
        }
        let namespaces = self.lock();
        let Some(streak) = namespaces.streaks.get(&namespace) else { return false };
        let begins_in_it = since.streak == Some(streak.number) || streak.recent.contains(&since.head);
        let is_known = begins_in_it && since.head.tx < head.tx && streak.recent.contains(&head);
        is_known && tables.iter().all(|table| streak.newest.get(table).is_none_or(|newest| *newest <= since.head.tx))
    }

    /// Whether this process knows that one of the tables was changed after `since`.
    pub(crate) fn have_changed(&self, namespace: NamespaceId, tables: &[TableId], since: Place) -> bool {
        let namespaces = self.lock();
        let Some(streak) = namespaces.streaks.get(&namespace) else { return false };
        let is_of_it = since.streak == Some(streak.number);
        is_of_it && tables.iter().any(|table| streak.newest.get(table).is_some_and(|newest| *newest > since.head.tx))
    }

    pub(crate) fn forget(&self, namespace: NamespaceId) {
        self.lock().streaks.remove(&namespace);
    }

    fn lock(&self) -> MutexGuard<'_, Namespaces> {
        self.namespaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: NamespaceId = NamespaceId::MAIN;

    fn head(tx: i64) -> LogHead {
        on(0, tx)
    }

    fn on(server: u8, tx: i64) -> LogHead {
        let mut hash = [server; 64];
        hash[..8].copy_from_slice(&tx.to_be_bytes());
        LogHead { tx: Tx(tx), hash }
    }

    #[test]
    fn what_is_not_known_counts_as_changed() {
        let changes = Changes::default();
        let unchanged = |table, since: i64, to: i64| {
            changes.are_unchanged(MAIN, &[TableId(table)], changes.place(MAIN, head(since)), head(to))
        };
        assert!(unchanged(1, 7, 7), "nothing happened");
        assert!(!unchanged(1, 7, 9), "nothing is known");
        let early = changes.place(MAIN, head(7));
        changes.committed(MAIN, head(7), head(9), [TableId(2)]);
        assert!(unchanged(1, 7, 9) && changes.are_unchanged(MAIN, &[TableId(1)], early, head(9)));
        assert!(!unchanged(1, 6, 9), "the seventh is somebody else's");
        assert!(!unchanged(1, 7, 10), "so is the tenth");
        assert!(!unchanged(2, 7, 9), "one of them changed the table");
        assert!(!unchanged(1, 9, 7), "a state that is still to come");
        let kept = changes.place(MAIN, head(9));
        changes.committed(MAIN, head(9), head(10), [TableId(1)]);
        assert!(!unchanged(1, 9, 10) && unchanged(2, 9, 10));
        assert!(!changes.are_unchanged(MAIN, &[TableId(2), TableId(1)], kept, head(10)), "one of two");
        assert!(changes.have_changed(MAIN, &[TableId(1)], kept) && !changes.have_changed(MAIN, &[TableId(2)], kept));
        assert!(!changes.are_unchanged(NamespaceId(2), &[TableId(9)], kept, head(10)), "another namespace");
        // Somebody else made the eleventh.
        changes.committed(MAIN, head(11), head(12), [TableId(3)]);
        assert!(!changes.are_unchanged(MAIN, &[TableId(2)], kept, head(12)));
        assert!(!unchanged(2, 10, 12) && unchanged(2, 11, 12));
    }

    #[test]
    fn a_place_is_good_as_long_as_its_streak() {
        let changes = Changes::default();
        changes.committed(MAIN, head(0), head(1), [TableId(1)]);
        let kept = changes.place(MAIN, head(1));
        for tx in 1..500 {
            changes.committed(MAIN, head(tx), head(tx + 1), [TableId(2)]);
            assert!(changes.are_unchanged(MAIN, &[TableId(1)], kept, head(tx + 1)));
        }
        assert!(!changes.are_unchanged(MAIN, &[TableId(1)], kept, head(2)), "a head of long ago");
    }

    #[test]
    fn another_server_with_the_same_numbers_is_another_log() {
        let changes = Changes::default();
        changes.committed(MAIN, head(99), head(100), [TableId(1)]);
        let kept = changes.place(MAIN, head(100));
        // It was at 94, and went on from there.
        assert!(!changes.are_unchanged(MAIN, &[TableId(1)], kept, on(1, 100)));
        for tx in 94..103 {
            changes.committed(MAIN, on(1, tx), on(1, tx + 1), [TableId(2)]);
            assert!(!changes.are_unchanged(MAIN, &[TableId(1)], kept, on(1, tx + 1)), "{tx}");
        }
    }
}
