//! What holds of records of the table `user` besides: they are profiles, most of them of accounts.

use std::collections::HashSet;
use std::sync::Arc;

use ddb_core::{Error, Object, RecordId, RecordKey, Result, TableName, Timestamp};

use super::Session;

/// Fields of a profile that only admins write.
const OF_ADMINS: [&str; 3] = ["email", "roles", "verified"];

/// What the server knows of the records of `user` that a write touches. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct UserRecords {
    of_accounts: Arc<HashSet<RecordKey>>,
    own: Option<RecordKey>,
    is_admin: bool,
}

impl Session {
    /// Looks up which of the records are of accounts. An account has its key from sign-up on, so it cannot come later than its record.
    pub(super) async fn user_records(&self, records: impl Iterator<Item = (&TableName, &RecordKey)>) -> Result<UserRecords> {
        let user = TableName::user();
        let keys: Vec<&str> = records.filter(|(table, _)| **table == user).filter_map(|(_, key)| text_key(key)).collect();
        let mut of_accounts = HashSet::new();
        if !keys.is_empty() {
            let accounts = self.database.store().accounts_among(self.namespace, &keys).await?;
            of_accounts.extend(accounts.into_iter().map(RecordKey::String));
        }
        let own = self.principal.user_key().cloned();
        Ok(UserRecords { of_accounts: Arc::new(of_accounts), own, is_admin: self.principal.is_admin() })
    }
}

impl UserRecords {
    fn is_of_account(&self, id: &RecordId) -> bool {
        !self.of_accounts.is_empty() && id.table == TableName::user() && self.of_accounts.contains(&id.key)
    }

    /// Whether the record belongs to an account which is not the caller's, with a record or without: another caller with that key would
    /// stand in for the account wherever its record is read.
    pub(super) fn is_of_another(&self, id: &RecordId) -> bool {
        self.is_of_account(id) && self.own.as_ref() != Some(&id.key)
    }

    /// 409 where an account would lose its record.
    pub(super) fn check_delete(&self, id: &RecordId) -> Result<()> {
        if self.is_of_account(id) { Err(of_account(id, "cannot be deleted")) } else { Ok(()) }
    }

    /// 409 where an account would lose its record later: `expires` is what the write sets.
    pub(super) fn check_expiry(&self, id: &RecordId, expires: Option<Timestamp>) -> Result<()> {
        if expires.is_some() && self.is_of_account(id) { Err(of_account(id, "cannot have an expiry")) } else { Ok(()) }
    }

    /// 422 where somebody but an admin changes what only admins write.
    pub(super) fn check_fields(&self, id: &RecordId, before: &Object, after: &Object) -> Result<()> {
        if self.is_admin || id.table != TableName::user() {
            return Ok(());
        }
        for name in OF_ADMINS {
            let is_same = match (before.get(name), after.get(name)) {
                (Some(before), Some(after)) => before.identical(after),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            if !is_same {
                return Err(Error::invalid(name, "RESERVED", format!("only an admin changes `{name}` of a user")));
            }
        }
        Ok(())
    }

    /// Leaves what only admins write as it was.
    pub(super) fn keep_fields(&self, id: &RecordId, before: &Object, after: &mut Object) {
        if self.is_admin || id.table != TableName::user() {
            return;
        }
        for name in OF_ADMINS {
            match before.get(name) {
                Some(value) => after.insert(name.to_owned(), value.clone()),
                None => after.remove(name),
            };
        }
    }

    /// The same for fields that the write says nothing of.
    pub(super) fn keep_missing(&self, id: &RecordId, before: &Object, after: &mut Object) {
        if self.is_admin || id.table != TableName::user() {
            return;
        }
        for name in OF_ADMINS {
            if let (Some(value), false) = (before.get(name), after.contains_key(name)) {
                after.insert(name.to_owned(), value.clone());
            }
        }
    }
}

fn of_account(id: &RecordId, what: &str) -> Error {
    Error::conflict(format!(
        "{} is the record of an account and {what}. The account's owner deletes the account with DELETE /api/auth/me, an admin with POST \
         /api/admin/erase",
        id.plain()
    ))
}

fn text_key(key: &RecordKey) -> Option<&str> {
    match key {
        RecordKey::String(text) => Some(text),
        RecordKey::Int(_) | RecordKey::Uuid(_) | RecordKey::Array(_) | RecordKey::Object(_) => None,
    }
}
