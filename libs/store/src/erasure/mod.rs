//! Erasing records: what is known of them leaves the database, and the log still verifies.
//!
//! An erasure is a write ([`step`], with [`crate::SystemRow::Erasure`]): one transaction that says of each record that it was erased and why, takes its
//! name out of the dictionary and its row out of the projection. From its commit on nothing leads to the record any more. Its values are cleared after
//! that by a job, in pieces, without the lock of the namespace (`carry_out`, `facts`); what an account owned is found and erased there too (`owned`).
//! What is erased is listed (`list`), so that an older backup can be restored without it.

mod carry_out;
mod facts;
mod freeing;
mod list;
mod matching;
mod owned;
mod rest;
mod told;
mod vacuum;

use ddb_core::{EntityId, RecordId, RecordKey};

pub use carry_out::{carrier, finish};
pub use list::{ErasedRecord, Listed, RemovedNamespace, list, read};
pub use told::Erasure;

pub(crate) use carry_out::is_open;
pub(crate) use list::apply;
pub(crate) use matching::Matching;
pub(crate) use vacuum::vacuum;

use crate::{Change, Current, Record, Step};

/// Erases a record; what was never named is left alone.
pub fn step(record: RecordId, reason: String) -> Step {
    let decide = move |_: Current<'_>| Ok(Change::Erase { reason: reason.clone() });
    Step { table: record.table, key: record.key, makes_table: false, past: None, decide: Box::new(decide) }
}

/// The same, if under the lock it is still what was meant: a record that was made meanwhile under the key of one that was erased or deleted stays.
fn step_if(record: RecordId, reason: String, expected: Expected) -> Step {
    let decide = move |current: Current<'_>| {
        let is_his = |record: &Record| expected.owner.is_none() || record.owner == expected.owner;
        let is_expected = current.entity == Some(expected.entity) && current.record.or(current.expired).is_none_or(is_his);
        Ok(if is_expected { Change::Erase { reason: reason.clone() } } else { Change::Keep })
    };
    Step { table: record.table, key: record.key, makes_table: false, past: None, decide: Box::new(decide) }
}

/// What is meant by a key.
#[derive(Clone)]
struct Expected {
    entity: EntityId,
    /// Whose it must be where it exists; None: anybody's.
    owner: Option<RecordKey>,
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use ddb_core::{Object, TableName, Timestamp, Tx};

    use super::*;
    use crate::OwnTimes;

    #[test]
    fn what_was_made_meanwhile_stays() {
        // Mutants: `is_expected` without the entity, or without the owner.
        let key = |name: &str| RecordKey::String(name.to_owned());
        let id = RecordId { table: TableName::parse("note").expect("a name"), key: key("todo") };
        let of = |owner: &str| Record {
            id: id.clone(),
            fields: Object::new(),
            owner: Some(key(owner)),
            created: Timestamp(0),
            updated: Timestamp(0),
            tx: Tx(1),
            expires: None,
        };
        let (adas, bobs) = (of("ada"), of("bob"));
        let decide = |owner: Option<&str>, entity: i64, record: Option<&Record>, expired: Option<&Record>| {
            let expected = Expected { entity: EntityId(7), owner: owner.map(key) };
            let step = step_if(id.clone(), "asked".to_owned(), expected);
            let (own_times, warnings) = (OwnTimes { created: false, updated: false }, RefCell::default());
            let (entity, now) = (Some(EntityId(entity)), Timestamp(0));
            let current = Current { record, expired, entity, past: None, now, own_times, warnings: &warnings };
            matches!((step.decide)(current).expect("no error"), Change::Erase { .. })
        };
        assert!(decide(Some("ada"), 7, Some(&adas), None) && decide(Some("ada"), 7, None, Some(&adas)));
        assert!(decide(Some("ada"), 7, None, None), "it is deleted");
        assert!(!decide(Some("ada"), 7, Some(&bobs), None) && !decide(Some("ada"), 7, None, Some(&bobs)), "bob has made it anew");
        assert!(!decide(Some("ada"), 8, None, None) && !decide(None, 8, Some(&adas), None), "another record under the key");
        assert!(decide(None, 7, Some(&bobs), None));
    }
}
