use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use ddb_core::{Record, RecordId};

/// The records that expressions of a request reach over links, as far as they are known.
///
/// An evaluation that meets a link to a record that is not known yet takes it as NONE and notes it. The caller reads all that were noted,
/// in one go, and evaluates again until nothing is missing: only then the result counts. Paths have finitely many steps, so this ends,
/// also where links make a circle.
#[derive(Debug, Default)]
pub struct Records {
    known: HashMap<RecordId, Known>,
    missing: RefCell<BTreeSet<RecordId>>,
}

/// What is known of a record.
#[derive(Debug, Clone)]
pub enum Known {
    /// It does not exist, or the caller may not read it: both look the same.
    Absent,
    /// Without the fields that the caller may not see.
    Present(Arc<Record>),
}

impl Records {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn insert(&mut self, id: RecordId, known: Known) {
        self.known.insert(id, known);
    }

    /// Whether a link was met that is not known yet, so that what was evaluated since says nothing.
    pub fn is_missing_any(&self) -> bool {
        !self.missing.borrow().is_empty()
    }

    /// The records to read before the next evaluation, in their order; what was noted is forgotten.
    pub fn take_missing(&mut self) -> Vec<RecordId> {
        std::mem::take(self.missing.get_mut()).into_iter().collect()
    }

    /// The record, if it is known and there; it is noted if it is not known.
    pub(crate) fn get(&self, id: &RecordId) -> Option<&Arc<Record>> {
        match self.known.get(id) {
            Some(Known::Present(record)) => Some(record),
            Some(Known::Absent) => None,
            None => {
                self.missing.borrow_mut().insert(id.clone());
                None
            }
        }
    }
}
