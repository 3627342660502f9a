//! The only writer of facts: one task per process and namespace, with a connection of its own.
//!
//! Requests send a [`Write`] and wait. The task takes what has queued up, fairly per caller, and commits it as a group in at
//! most four round trips: begin and lock, one read, one write, commit. Each request of the group is a transaction of its own,
//! with its own `tx`, or none where it changed nothing.

mod additions;
mod commit;
mod facts;
mod failure;
mod group;
mod handle;
mod holdings;
mod queue;
mod round_trip;
mod rows;
mod seats;
mod slots;
mod table;
mod task;
mod write;

pub use write::{Change, Current, Decide, Outcome, OwnTimes, Refused, Step, Write, Written};

pub(crate) use handle::{Means, Transactor};
pub(crate) use queue::Queue;
pub(crate) use seats::Seats;
pub(crate) use table::{Making, make_table};
pub(crate) use task::lock_statement;
