//! Which tables this process has changed, by which transactions.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ddb_core::{NamespaceId, TableId, Tx};

/// What this process has committed without another one in between. Of transactions that others made it knows nothing.
#[derive(Default)]
pub(crate) struct Changes {
    namespaces: Mutex<HashMap<NamespaceId, Streak>>,
}

/// The transactions after `after` up to `to`, all of them committed by this process.
struct Streak {
    after: Tx,
    to: Tx,
    /// The newest of them that may have changed the table.
    newest: HashMap<TableId, Tx>,
}

impl Changes {
    /// The transactions after `after` up to `to` were committed, and changed no other tables. In the order of the commits.
    pub(crate) fn committed(&self, namespace: NamespaceId, after: Tx, to: Tx, tables: impl IntoIterator<Item = TableId>) {
        let mut namespaces = self.lock();
        let streak = namespaces.entry(namespace).or_insert_with(|| Streak { after, to: after, newest: HashMap::new() });
        if streak.to != after {
            *streak = Streak { after, to: after, newest: HashMap::new() };
        }
        streak.to = to;
        streak.newest.extend(tables.into_iter().map(|table| (table, to)));
    }

    /// Whether it is known that none of the transactions after `since` up to `head` changed one of the tables.
    pub(crate) fn are_unchanged(&self, namespace: NamespaceId, tables: &[TableId], since: Tx, head: Tx) -> bool {
        if since == head {
            return true;
        }
        let namespaces = self.lock();
        let Some(streak) = namespaces.get(&namespace) else { return false };
        let is_known = streak.after <= since && since < head && head <= streak.to;
        is_known && tables.iter().all(|table| streak.newest.get(table).is_none_or(|newest| *newest <= since))
    }

    /// Whether this process knows that one of the tables was changed after `since`.
    pub(crate) fn have_changed(&self, namespace: NamespaceId, tables: &[TableId], since: Tx) -> bool {
        let namespaces = self.lock();
        let Some(streak) = namespaces.get(&namespace) else { return false };
        tables.iter().any(|table| streak.newest.get(table).is_some_and(|newest| *newest > since))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<NamespaceId, Streak>> {
        self.namespaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: NamespaceId = NamespaceId::MAIN;

    #[test]
    fn what_is_not_known_counts_as_changed() {
        let changes = Changes::default();
        let unchanged = |table, since, head| changes.are_unchanged(MAIN, &[TableId(table)], Tx(since), Tx(head));
        assert!(unchanged(1, 7, 7), "nothing happened");
        assert!(!unchanged(1, 7, 8), "nothing is known");
        changes.committed(MAIN, Tx(7), Tx(9), [TableId(2)]);
        assert!(unchanged(1, 7, 8) && unchanged(1, 7, 9) && unchanged(1, 8, 9));
        assert!(!unchanged(1, 6, 9), "the seventh is somebody else's");
        assert!(!unchanged(1, 7, 10), "so is the tenth");
        assert!(!unchanged(2, 7, 9) && !unchanged(2, 8, 9), "one of them changed the table");
        assert!(!unchanged(1, 9, 8), "a state that is still to come");
        changes.committed(MAIN, Tx(9), Tx(10), [TableId(1)]);
        assert!(!unchanged(1, 9, 10) && unchanged(2, 9, 10));
        assert!(!changes.are_unchanged(MAIN, &[TableId(2), TableId(1)], Tx(9), Tx(10)), "one of two");
        assert!(changes.have_changed(MAIN, &[TableId(1)], Tx(9)) && !changes.have_changed(MAIN, &[TableId(2)], Tx(9)));
        // Somebody else made the eleventh.
        changes.committed(MAIN, Tx(11), Tx(12), [TableId(3)]);
        assert!(!unchanged(2, 9, 12) && !unchanged(2, 10, 12) && unchanged(2, 11, 12));
        let other = NamespaceId(2);
        assert!(!changes.are_unchanged(other, &[TableId(9)], Tx(11), Tx(12)), "another namespace");
    }
}
