use ddb_core::{NamespaceId, Result};
use ddb_database::Database;
use ddb_store::to_error;

use super::{AccountSummary, LastAdmin, check_last_admin, hold, summary};
use crate::db::{account, session};

/// What a ban did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banned {
    pub account: AccountSummary,
    /// Those that lived until now.
    pub ended_sessions: u64,
}

/// Nobody signs in to the account any more, all of its sessions end, and every process refuses their tokens within a second; its records stay.
/// 404 where there is no such account, 409 where it is the last admin.
pub async fn ban(database: &Database, namespace: NamespaceId, email: &str, last_admin: LastAdmin) -> Result<Banned> {
    let mut transaction = database.store().pool().begin().await.map_err(to_error)?;
    let (mut account, admins) = hold(&mut transaction, namespace, email).await?;
    check_last_admin(last_admin, &account, &admins)?;
    account::ban(&mut transaction, namespace, &account.id).await?;
    let ended_sessions = session::end_all(&mut *transaction, namespace, &account.id).await?;
    transaction.commit().await.map_err(to_error)?;
    account.banned = true;
    Ok(Banned { account: summary(account), ended_sessions })
}

/// The account can be signed in to again; what ended with the ban stays ended.
pub async fn unban(database: &Database, namespace: NamespaceId, email: &str) -> Result<AccountSummary> {
    let mut transaction = database.store().pool().begin().await.map_err(to_error)?;
    let (mut account, _) = hold(&mut transaction, namespace, email).await?;
    account::unban(&mut transaction, namespace, &account.id).await?;
    transaction.commit().await.map_err(to_error)?;
    account.banned = false;
    Ok(summary(account))
}
