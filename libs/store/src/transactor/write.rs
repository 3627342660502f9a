use std::cell::RefCell;

use ddb_core::{EntityId, Error, NamespaceId, Object, RecordKey, RequestId, Result, TableName, Timestamp, Tx, Warning};

use crate::retention::Pruned;
use crate::{Allowance, KeptAnswer, Past, PastRecord, Record, SystemRow};

/// A request to write: all of its steps take effect, or none.
pub struct Write {
    pub namespace: NamespaceId,
    /// The key of the caller's record in the table `user`; None is the system.
    pub actor: Option<RecordKey>,
    pub request: Option<RequestId>,
    pub allowance: Allowance,
    pub steps: Vec<Step>,
    pub system: Vec<SystemRow>,
}

/// One record's part of a write.
pub struct Step {
    pub table: TableName,
    pub key: RecordKey,
    /// Whether the table comes into being if it does not exist, as far as the write may make tables; otherwise the record is absent.
    pub makes_table: bool,
    /// What it wants to know of the record's past. A write with such a step is committed alone, so that no other one changes the past before it.
    pub past: Option<Past>,
    pub decide: Decide,
}

/// Looks at the record as it is under the lock and says what becomes of it.
///
/// It may be asked more than once (a lost connection before the commit, a group repeated one by one) and only its last
/// answer counts, so it has no effects of its own; its warnings are part of the answer.
pub type Decide = Box<dyn Fn(Current<'_>) -> Result<Change> + Send + Sync>;

/// A record under the lock.
#[derive(Debug, Clone, Copy)]
pub struct Current<'a> {
    /// None where there is no record, or an expired one.
    pub record: Option<&'a Record>,
    /// An expired record whose deletion is not written yet.
    pub expired: Option<&'a Record>,
    /// What the record has been known by in the log since its key was first written; another one once it was erased. None where it never was.
    pub entity: Option<EntityId>,
    /// The record as it was at the point that the step named.
    pub past: Option<&'a PastRecord>,
    /// PostgreSQL's clock under the lock; never goes back.
    pub now: Timestamp,
    /// Which of the system's names the write may give to a field of the record.
    pub own_times: OwnTimes,
    pub(crate) warnings: &'a RefCell<Vec<Warning>>,
}

impl Current<'_> {
    /// Tells the caller something beside the answer, if the write takes effect.
    pub fn warn(&self, warning: Warning) {
        self.warnings.borrow_mut().push(warning);
    }
}

/// Whether a write may give a record a field of its own with the name of a system value: the table has had such a field, or the caller may
/// name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnTimes {
    pub created: bool,
    pub updated: bool,
}

/// What becomes of a record.
#[derive(Debug, Clone)]
pub enum Change {
    Keep,
    /// Only where there is no record.
    Create {
        fields: Object,
        owner: Option<RecordKey>,
        expires: Option<Timestamp>,
    },
    /// Only where there is one: the whole of its new fields.
    Update {
        fields: Object,
        expires: Option<Timestamp>,
    },
    Delete,
    /// All that was ever known of it, its key too; nothing where it was never named. Only in a write with [`SystemRow::Erasure`].
    Erase {
        /// Stays in the log.
        reason: String,
    },
    /// What the log says of a table's retention. Only of the table's own key, which [`crate::retention`] knows.
    Prune(Pruned),
}

/// Why a write did not take effect.
#[derive(Debug)]
pub struct Refused {
    /// The step that it failed at; None where it was none of them (the database is away, say).
    pub step: Option<usize>,
    pub error: Error,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self { step: None, error }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        refused.error
    }
}

/// What became of a write that happens once.
#[derive(Debug, Clone)]
pub enum Outcome {
    Written(Written),
    /// It was carried out before, with this answer.
    Repeated(KeptAnswer),
}

/// What a write did.
#[derive(Debug, Clone)]
pub struct Written {
    /// The transaction it made, or the one whose state it saw where it changed nothing.
    pub tx: Tx,
    /// The record of each step, as the step left it.
    pub records: Vec<Option<Record>>,
    /// How many records it said something new about.
    pub changed: usize,
    /// What its steps tell the caller beside the answer, each with the index of the step.
    pub warnings: Vec<(usize, Warning)>,
}
