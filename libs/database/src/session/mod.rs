//! A caller in a namespace, and what the caller can do: one file per use case.

mod activity;
mod audit;
mod batch;
mod create;
mod delete;
mod erase;
mod erasures;
mod export;
mod get;
mod get_at;
mod history;
mod job;
mod keys;
mod list;
mod merge;
mod mutate;
mod namespaces;
mod planned;
mod profile;
mod query;
mod quota;
mod replace;
mod restore;
mod schema;
mod setting;
mod sign_up;
mod undelete;
mod user_records;

use ddb_access::{Policy, Rows};
use ddb_core::{Error, ErrorCode, NamespaceId, Principal, RecordKey, RequestId, Result, TableName, Tx};
use ddb_store::{Allowance, Current, NewTables, Record};

use crate::Database;

pub use activity::{ActivityOf, ActivityPage};
pub use erase::MAX_ERASED;
pub use erasures::ErasurePage;
pub use export::{Export, Piece};
pub use get::{Form, Shown};
pub use history::HistoryPage;
pub(crate) use keys::Keys;
pub use list::{Count, ListRequest, MAX_LIMIT, Page, PageRows};
pub use planned::{Planned, Wrote};
pub use query::{DigestedQuery, QueryResult};
pub use quota::{LimitsChange, QuotaChange};

/// A caller in a namespace, for one request: the only way to read and write records.
#[derive(Clone)]
pub struct Session {
    pub(crate) database: Database,
    pub(crate) principal: Principal,
    pub(crate) namespace: NamespaceId,
    pub(crate) request: Option<RequestId>,
    pub(crate) keys: Keys,
}

/// An answer and the transaction whose state it shows, or which it made.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    pub data: T,
    pub tx: Tx,
}

impl Session {
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    pub fn namespace(&self) -> NamespaceId {
        self.namespace
    }

    /// What can be told of a change before its body is read: 404 for a caller to whom no record of the table exists.
    pub fn check_change(&self, table: &TableName, key: &RecordKey) -> Result<()> {
        self.rows_to_change(table, key).map(|_| ())
    }

    /// The policy of a table. Definitions that replace the default come with the language.
    pub(crate) fn policy(&self, table: &TableName) -> Policy {
        if *table == TableName::user() { Policy::Users } else { Policy::Private }
    }

    /// What the caller's writes may add to the namespace.
    pub(crate) fn allowance(&self) -> Allowance {
        self.database.inner.implicit_tables.allowance(&self.principal)
    }

    /// Whose a cursor is.
    fn cursor_caller(&self) -> (&Principal, NamespaceId) {
        (&self.principal, self.namespace)
    }

    /// Whether a record of the caller's would make a table that does not exist. Until then the table counts as empty.
    pub(crate) fn makes_tables(&self) -> bool {
        self.allowance().tables != NewTables::None
    }

    /// The rows of a table that the caller may change. A caller who may change none gets the answer before the transactor is asked.
    fn rows_to_change(&self, table: &TableName, key: &RecordKey) -> Result<Rows> {
        match self.policy(table).visible(&self.principal) {
            Rows::Nothing => Err(absent(table, key)),
            rows => Ok(rows),
        }
    }
}

/// The record that a change is about, as far as it exists for the caller, in the version that the caller expects.
fn visible<'a>(
    current: Current<'a>,
    rows: &Rows,
    if_match: Option<Tx>,
    table: &TableName,
    key: &RecordKey,
) -> Result<&'a Record> {
    let record = current.record.filter(|record| rows.contain(record.owner.as_ref())).ok_or_else(|| absent(table, key))?;
    match if_match {
        Some(expected) if expected != record.tx => Err(Error::new(
            ErrorCode::VersionMismatch,
            format!("the record's last change is transaction {}, not {expected}", record.tx),
        )),
        _ => Ok(record),
    }
}

/// What the caller reads of a record that is absent, and of one that the caller may not read.
fn absent(table: &TableName, key: &RecordKey) -> Error {
    let id = ddb_core::RecordId::new(table.clone(), key.clone());
    Error::not_found(format!("there is no record {}", id.plain()))
}
