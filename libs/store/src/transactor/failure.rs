//! Why a group did not get through.

use std::collections::{HashMap, HashSet};

use ddb_core::chain::Hash;
use ddb_core::{Error, TableId, Tx};

use super::{Outcome, Refused};
use crate::changes::LogHead;
use crate::connection::{is_last_word, is_lost, to_error};
use crate::dictionary::Attribute;
use crate::index::{self, Expired};

/// Why a group did not get through.
pub(super) enum Failure {
    /// Before the commit: nothing was written.
    Lost(sqlx::Error),
    /// At the commit: it is not known yet whether the group, whose last transaction is this, was written.
    InDoubt(Box<InDoubt>),
    /// PostgreSQL refused a statement: nothing was written.
    Refused(Error),
    /// Records that have expired stand in the way of what must be unique: they are deleted first.
    Expired(Vec<Expired>),
    /// The lock could not be had in time: nothing was written, and trying each write by itself would wait as long again.
    Busy(Error),
}

/// What became of each write of a group.
pub(super) type Outcomes = Vec<Result<Outcome, Refused>>;

/// What a group changes: tables, by the transactions behind one up to another.
pub(super) struct Changed {
    pub(super) after: LogHead,
    pub(super) to: LogHead,
    pub(super) tables: HashSet<TableId>,
}

pub(super) struct InDoubt {
    pub(super) tx: Tx,
    pub(super) hash: Hash,
    /// How many it adds to the log.
    pub(super) facts: u64,
    pub(super) outcomes: Outcomes,
    pub(super) changed: Changed,
    pub(super) learnt: HashMap<(TableId, String), Attribute>,
    pub(super) error: sqlx::Error,
}

impl Failure {
    pub(super) fn from_sqlx(error: sqlx::Error) -> Self {
        // A transactor's session has begun: whatever ends it may have come behind its commit.
        if is_lost(&error) || is_last_word(&error) {
            return Self::Lost(error);
        }
        if index::is_duplicate_key(&error) {
            return Self::Refused(Error::conflict("a value that must be unique is taken").with_source(error));
        }
        if index::exceeds_width(&error) {
            return Self::Refused(index::too_wide().with_source(error));
        }
        Self::Refused(to_error(error))
    }

    /// An error whose cause may be a lost connection.
    pub(super) fn from_error(error: Error) -> Self {
        let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<sqlx::Error>());
        match source {
            Some(cause) if is_lost(cause) => Self::Lost(sqlx::Error::Protocol(cause.to_string())),
            _ => Self::Refused(error),
        }
    }
}
