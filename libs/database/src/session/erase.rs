use ddb_api::bus::Revoked;
use ddb_core::{Error, RecordId, RecordKey, Result, TableName};
use ddb_store::system::{ErasedAccount, NewErasure};
use ddb_store::{Allowance, SystemRow, Write, erasure};

use super::{Answer, Session};

/// Records that are erased in one transaction: of each, up to 1 MB is read under the lock.
pub const MAX_ERASED: usize = 100;
/// Characters of a reason.
const MAX_REASON: usize = 1_000;
/// Why accounts go that are erased by their owners.
const OWN_WISH: &str = "the account's own wish";

impl Session {
    /// Erases records: all that is known of them, also of deleted ones, and their keys. The reason stays in the log. Gives how many of them were known; the
    /// others are left alone, so erasing twice does nothing more. What accounts have as their own record is erased with them alone (409). For admins.
    pub async fn erase_records(&self, records: Vec<RecordId>, reason: String) -> Result<Answer<usize>> {
        self.require_admin()?;
        check_reason(&reason)?;
        if !(1..=MAX_ERASED).contains(&records.len()) {
            return Err(Error::invalid("records", "LENGTH", format!("`records` has 1 to {MAX_ERASED} records")));
        }
        let keys: Vec<&str> = records.iter().filter_map(key_of_user).collect();
        if let Some(account) = self.database.store().accounts_among(self.namespace, &keys).await?.first() {
            return Err(Error::conflict(format!("user:{account} is an account's: erase it as `user`")));
        }
        self.write_erasure(records, reason, None).await
    }

    /// Erases an account, its record, and what it owns: at once the account with all its sessions and its record, the rest in the background. Without an
    /// account, the record of the user and what he owned. 409 where it is the last admin who can sign in. For admins.
    pub async fn erase_user(&self, user: RecordKey, reason: String) -> Result<Answer<usize>> {
        self.require_admin()?;
        check_reason(&reason)?;
        self.write_user_erasure(user, reason).await
    }

    /// Erases the caller's own account, as [`Self::erase_user`] does. 401 for the anonymous, 409 for the last admin who can sign in.
    pub async fn erase_own_account(&self) -> Result<Answer<usize>> {
        let user = self.principal.user_key().ok_or_else(|| Error::unauthenticated("sign in first"))?;
        self.write_user_erasure(user.clone(), OWN_WISH.to_owned()).await
    }

    async fn write_user_erasure(&self, user: RecordKey, reason: String) -> Result<Answer<usize>> {
        let RecordKey::String(id) = &user else {
            return Err(Error::invalid("user", "TYPE", "the key of a user is a string"));
        };
        let notice = Revoked::account(self.namespace, id).to_json();
        let account = ErasedAccount { id: id.clone(), notice, may_be_last_admin: false };
        self.write_erasure(vec![RecordId::new(TableName::user(), user.clone())], reason, Some(account)).await
    }

    async fn write_erasure(
        &self,
        records: Vec<RecordId>,
        reason: String,
        account: Option<ErasedAccount>,
    ) -> Result<Answer<usize>> {
        let write = Write {
            namespace: self.namespace,
            actor: self.principal.user_key().cloned(),
            request: self.request.clone(),
            steps: records.into_iter().map(|record| erasure::step(record, reason.clone())).collect(),
            allowance: Allowance::ANY,
            system: vec![SystemRow::Erasure(NewErasure { account })],
        };
        let written = self.database.store().write(write).await?;
        self.database.forget_answers();
        Ok(Answer { data: written.changed, tx: written.tx })
    }
}

fn key_of_user(record: &RecordId) -> Option<&str> {
    match &record.key {
        RecordKey::String(key) if record.table == TableName::user() => Some(key),
        RecordKey::Int(_) | RecordKey::String(_) | RecordKey::Uuid(_) | RecordKey::Array(_) | RecordKey::Object(_) => None,
    }
}

fn check_reason(reason: &str) -> Result<()> {
    let is_blank = reason.trim().is_empty();
    if is_blank || reason.chars().count() > MAX_REASON || reason.contains('\0') {
        return Err(Error::invalid(
            "reason",
            "LENGTH",
            format!("`reason` has 1 to {MAX_REASON} characters and stays in the log"),
        ));
    }
    Ok(())
}
