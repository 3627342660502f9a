//! Erasing records: what is known of them leaves the database, and the log still verifies.
//!
//! An erasure is a write ([`step`], with [`crate::SystemRow::Erasure`]): one transaction that says of each record that it was erased and why, takes its
//! name out of the dictionary and its row out of the projection. From its commit on nothing leads to the record any more. Its values are cleared after
//! that by a job, in pieces, without the lock of the namespace (`carry_out`, `facts`); what an account owned is found and erased there too (`owned`).
//! What is erased is listed (`list`), so that an older backup can be restored without it.

mod carry_out;
mod facts;
mod list;
mod owned;
mod rest;
mod told;
mod vacuum;

use ddb_core::RecordId;

pub use carry_out::{carrier, finish};
pub use list::{Listed, list, read};
pub use told::Erasure;

pub(crate) use carry_out::is_open;
pub(crate) use list::{apply, expect};

use crate::{Change, Step};

/// Erases a record; what was never named is left alone.
pub fn step(record: RecordId, reason: String) -> Step {
    let decide = move |_: crate::Current<'_>| Ok(Change::Erase { reason: reason.clone() });
    Step { table: record.table, key: record.key, makes_table: false, past: None, decide: Box::new(decide) }
}
