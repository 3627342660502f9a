use ddb_core::{Principal, RecordKey};

use crate::Policy;

/// A read together with the rows that its caller may see.
#[derive(Debug, Clone)]
pub struct Authorized<T> {
    query: T,
    rows: Rows,
}

/// The rows of a table that a caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    All,
    /// Those whose owner is this key of the table `user`.
    OwnedBy(RecordKey),
    Nothing,
}

impl<T> Authorized<T> {
    /// Narrows `query` to what `policy` lets `principal` see.
    pub fn read(policy: Policy, principal: &Principal, query: T) -> Self {
        Self { query, rows: policy.visible(principal) }
    }

    pub fn query(&self) -> &T {
        &self.query
    }

    pub fn rows(&self) -> &Rows {
        &self.rows
    }
}

impl Rows {
    /// Whether a record of this owner (None: the system) is among them.
    pub fn contain(&self, owner: Option<&RecordKey>) -> bool {
        match self {
            Self::All => true,
            Self::OwnedBy(key) => owner == Some(key),
            Self::Nothing => false,
        }
    }
}
