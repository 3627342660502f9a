//! How long the past is kept, and how what is not kept leaves the log while the hash chain still verifies.
//!
//! A table whose [`History`] is not kept for ever has a *horizon*: the oldest transaction whose state can be read. A job moves it on by a transaction that says so
//! in the chain, as a fact of the attribute `$pruned` about the table itself (its record with the empty key, which no record can have: `fact`). What was
//! superseded up to the horizon is then reduced to commitments (`window`), the names of records that were deleted before it leave the dictionary (`names`), and
//! transactions of whose facts all are superseded lose them: the root of their Merkle tree stays, and the chain lists them (`drop`).

mod compactor;
mod drop;
mod fact;
mod history;
mod horizon;
mod names;
mod set;
mod settings;
mod table;
mod window;

pub use compactor::{compactor, run};
pub use fact::Pruned;
pub use history::History;

pub(crate) use fact::PrunedBefore;
pub(crate) use horizon::{horizon, is_pruned};
pub(crate) use set::TxSet;
