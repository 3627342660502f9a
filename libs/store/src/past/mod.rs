//! The past of records, read from their facts.
//!
//! Facts are only ever added, so a read that knows the newest transaction sees one state by leaving out what came later: no statement has to share a
//! snapshot with another. What leaves the log lies before the horizon of its table, which moves on first: it is asked for behind everything else. Whether a caller may read a state is asked of [`MayRead`], for the state then and for the record's newest one.

mod at;
mod facts;
mod history;
mod lives;
mod moment;
mod state;

use ddb_core::{RecordKey, Tx};

pub use at::At;
pub use history::{Action, FieldChange, Version, Versions};
pub use state::{Past, PastRecord};

pub(crate) use at::{at, newest_at};
pub(crate) use facts::newest_transaction;
pub(crate) use history::history;
pub(crate) use lives::{Lives, Span};
pub(crate) use moment::{Entity, Moment};
pub(crate) use state::past;

/// Whether the caller may read a record of this owner.
pub type MayRead<'a> = &'a (dyn Fn(Option<&RecordKey>) -> bool + Send + Sync);

/// Where a fact stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub tx: Tx,
    /// From 0 within the transaction.
    pub position: i32,
}

impl Place {
    /// The place before the first fact of a transaction.
    pub(crate) fn beginning_of(tx: Tx) -> Self {
        Self { tx, position: 0 }
    }

    /// The place behind the last fact of a transaction.
    pub(crate) fn end_of(tx: Tx) -> Self {
        Self::beginning_of(Tx(tx.0.saturating_add(1)))
    }

    /// The place behind this fact.
    pub(crate) fn next(self) -> Self {
        Self { position: self.position + 1, ..self }
    }
}
