//! The one queue of background work, in the relation `ddb.job`: at least once, so handlers are idempotent.
//!
//! A recurring job has one row per kind and namespace and is due again after each run. A job that is done once has a state, and keeps its progress and its
//! result for a week. Whichever process claims a job first holds a lease, which it renews while it works; a process that dies leaves the job to the others
//! when the lease ends.

mod one_off;
mod recurring;

use std::time::Duration;

pub use one_off::{Job, JobState, NewJob, OneOff, Progress};
pub use recurring::Recurring;

/// How often a process looks for due jobs.
const POLL: Duration = Duration::from_secs(1);
/// How long a claimed job is left to its process.
const LEASE: Duration = Duration::from_secs(60);
