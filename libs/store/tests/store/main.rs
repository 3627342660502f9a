//! The store against a real PostgreSQL.
//!
//! Mutants (lines that, broken on purpose, make a test fail):
//! - `queue.rs`: `turns.push_back(lane)` becomes `push_front` (unit test of fairness)
//! - `group.rs`: `effects.push(effect)` is followed by an early `self.slots…record = …` (a failing write leaves traces)
//! - `task.rs`: the advisory lock is not taken (`two_processes_make_one_order`)
//! - `task.rs`: `load_newer` is skipped (`two_processes_share_names`)
//! - `projections.rs`: a column that is gone is not left out (`verify_goes_on_while_indexes_are_removed`)
//! - `fold.rs`: a retraction of EXISTS leaves the record (`a_rebuild_gives_the_same_projection`)

mod documents;
mod erased;
mod erasure;
mod growth;
mod indexes;
mod jobs;
mod past;
mod processes;
mod quotas;
mod retention;
mod support;
mod system_rows;
mod writes;
