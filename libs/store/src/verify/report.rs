use std::fmt;

use ddb_core::{NamespaceId, chain};
use serde_json::json;

/// Problems beyond this many are counted, not described.
const MAX_PROBLEMS: usize = 100;

/// What verifying a namespace found.
#[derive(Debug, Clone)]
pub struct Report {
    pub namespace: NamespaceId,
    pub transactions: u64,
    pub facts: u64,
    pub tables: u64,
    pub records: u64,
    /// The newest transaction and its hash in hex; zeros while there is none.
    pub head: i64,
    pub head_hash: String,
    pub problems: Vec<Problem>,
    /// All problems, also those that are not described.
    pub problem_count: u64,
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `tx 17`, `tasks:0k3…`.
    pub place: String,
    pub message: String,
}

impl Report {
    pub(super) fn new(namespace: NamespaceId) -> Self {
        Self {
            namespace,
            transactions: 0,
            facts: 0,
            tables: 0,
            records: 0,
            head: 0,
            head_hash: chain::to_hex(&chain::GENESIS),
            problems: Vec::new(),
            problem_count: 0,
        }
    }

    pub fn to_json(&self) -> serde_json::Value {
        let problems: Vec<_> =
            self.problems.iter().map(|problem| json!({ "place": problem.place, "message": problem.message })).collect();
        json!({
            "sound": self.is_sound(),
            "transactions": self.transactions,
            "facts": self.facts,
            "tables": self.tables,
            "records": self.records,
            "head": self.head,
            "head_hash": self.head_hash,
            "problem_count": self.problem_count,
            "problems": problems,
        })
    }

    pub fn is_sound(&self) -> bool {
        self.problem_count == 0
    }

    pub(super) fn problem(&mut self, place: impl Into<String>, message: impl Into<String>) {
        self.problem_count += 1;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { place: place.into(), message: message.into() });
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}
