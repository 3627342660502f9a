//! The chain as its readers meet it: its head, transactions, and proofs. `verify` checks it.

mod activity;
mod head;
pub(crate) mod leaf;
mod prove;
mod transaction;

pub use activity::{Activity, ActivityEntry, ActivityQuery};
pub use head::AuditHead;
pub use transaction::{AuditFact, AuditTransaction};

pub(crate) use activity::activity;
pub(crate) use head::head;
pub(crate) use prove::prove;
pub(crate) use transaction::transaction;

/// Transactions that a proof links at most: each is hashed anew from its facts.
pub const MAX_LINKS: i64 = 1_000;
