//! Reading what matches: from a question about a table to its records.
//!
//! An index that serves filter and order together answers with one statement. Anything else is read in pieces from one snapshot, and the evaluator is
//! asked about every record. Links are fetched for many records at once, and only what the caller may see is ever known to the evaluator.

mod links;
mod output;
mod question;
mod reader;
mod shape;
mod sorted;
mod unknown;
mod watch;

pub(crate) use output::{expand, full, pick};
pub(crate) use question::{Failures, Select, Selected};
pub(crate) use reader::{Reader, is_large};
pub(crate) use sorted::{position, sort_key_of};
pub(crate) use unknown::{Named, leads_over_link};
