//! Rows that are never facts, written in the transaction of the records that go with them.

use ddb_core::{RecordKey, Timestamp, Uuid};

/// A system row that a write carries.
#[derive(Debug, Clone)]
pub enum SystemRow {
    /// Refused with `CONFLICT` where the address is taken in the namespace.
    Account(NewAccount),
    Session(NewSession),
}

#[derive(Clone)]
pub struct NewAccount {
    /// The key of its record in the table `user`: a string.
    pub id: String,
    /// In its canonical form.
    pub email: String,
    pub password_hash: Option<String>,
    pub roles: Vec<String>,
    pub verified: bool,
}

#[derive(Debug, Clone)]
pub struct NewSession {
    pub id: Uuid,
    pub account: String,
    pub user_agent: Option<String>,
    pub address: Option<String>,
}

impl std::fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAccount").field("id", &self.id).field("roles", &self.roles).finish_non_exhaustive()
    }
}
