//! What the writes of a group change of what owners hold, where there are limits.

use std::collections::HashSet;

use ddb_core::{RecordKey, Result, doc, sort_key};

use super::queue::Pending;
use super::slots::Slots;
use crate::quota::{Counted, Usage, Usages};
use crate::{NewRecords, Record, SystemRow};

/// What is held, as the lock found it.
pub(super) struct Held {
    pub(super) counted: Counted,
    pub(super) used: Usages,
}

/// The change of one record.
pub(super) struct Replaced<'a> {
    pub(super) before: Option<&'a Record>,
    /// The document of `before`, where it was just made.
    pub(super) doc_before: Option<&'a str>,
    pub(super) after: Option<&'a Record>,
    pub(super) doc_after: Option<&'a str>,
}

impl Held {
    /// What a write changes; `QUOTA_EXCEEDED` where it is too much.
    pub(super) fn check<'a>(
        &self,
        allowed: NewRecords,
        changed: &Usages,
        replaced: impl Iterator<Item = Replaced<'a>>,
    ) -> Result<Usages> {
        let mut change = Usages::default();
        for Replaced { before, doc_before, after, doc_after } in replaced {
            for (record, doc, sign) in [(before, doc_before, -1), (after, doc_after, 1)] {
                let Some(record) = record else { continue };
                let owner = record.owner.as_ref().map(sort_key::encode_record_key).transpose()?;
                // Not as long as PostgreSQL gives it back, with spaces of its own.
                let bytes = doc.map_or_else(|| doc::encode(&record.fields).len(), str::len) as i64;
                change.add(owner.as_deref(), Usage { records: sign, bytes: sign * bytes });
            }
        }
        self.counted.check(allowed, &self.used, changed, &change)?;
        Ok(change)
    }
}

/// Whoever may own a record before or after one of the writes.
pub(super) fn owners(group: &[Pending], slots: &Slots) -> Result<Vec<Vec<u8>>> {
    let mut owners: HashSet<RecordKey> = HashSet::new();
    for Pending { write, .. } in group {
        owners.extend(write.actor.clone());
        // Whoever signs up owns the record that is made with the account.
        let made = write.system.iter().filter_map(|row| match row {
            SystemRow::Account(account) => Some(RecordKey::String(account.id.clone())),
            SystemRow::Session(_) | SystemRow::Erasure(_) => None,
        });
        owners.extend(made);
    }
    for slot in &slots.all {
        owners.extend(slot.record.as_ref().and_then(|record| record.owner.clone()));
        owners.extend(slot.past.as_ref().and_then(|past| past.owner.clone()));
    }
    owners.iter().map(sort_key::encode_record_key).collect()
}
