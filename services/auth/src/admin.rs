//! Accounts in the hands of whoever runs the server: admins, roles, bans. Made from the command line, admins at first start too.

mod ban;
mod roles;

use ddb_core::{Error, NamespaceId, Object, Principal, Result};
use ddb_database::Database;
use ddb_store::system::NewAccount;
use sqlx::PgConnection;
use zeroize::Zeroizing;

use crate::account_id;
use crate::db::account::{self, Account};
use crate::email::Email;
use crate::hasher;
use crate::password::Password;

pub use ban::{Banned, ban, unban};
pub use roles::{Role, RoleChange, change_roles};

/// The role that whoever administers a namespace has.
const ADMIN: &str = "admin";
const ROOT: &str = "root";

/// Whether the last admin who can sign in may be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastAdmin {
    Stays,
    MayGo,
}

/// An account as the command line shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSummary {
    /// `user:<key>`.
    pub id: String,
    pub email: String,
    pub roles: Vec<String>,
    pub banned: bool,
    /// RFC 3339.
    pub created: String,
}

/// Makes an account with the role `admin`, and `root` where it is the first of the namespace `main`. 422 for an address or a password that is none, 409 where the address is taken.
pub async fn create(
    database: &Database,
    namespace: NamespaceId,
    email: &str,
    password: Zeroizing<String>,
) -> Result<AccountSummary> {
    let email = Email::parse(email)?;
    let password = Password::choose(password, "password")?;
    let mut roles = vec![ADMIN.to_owned()];
    if namespace == NamespaceId::MAIN && !exists(database).await? {
        roles.push(ROOT.to_owned());
    }
    let hash = tokio::task::spawn_blocking(move || hasher::hash(&password, &mut hasher::new_memory()))
        .await
        .map_err(Error::internal)??;
    let new =
        NewAccount { id: account_id::new(), email: email.as_str().to_owned(), password_hash: Some(hash), roles, verified: false };
    let made = database.session(Principal::System, namespace, None).sign_up(new.clone(), Object::new(), None).await?;
    let created = made.data.created.to_rfc3339();
    Ok(AccountSummary { id: account_id::shown(&new.id), email: new.email, roles: new.roles, banned: false, created })
}

pub async fn list(database: &Database, namespace: NamespaceId) -> Result<Vec<AccountSummary>> {
    let admins = account::admins(database.store().pool(), namespace).await?;
    Ok(admins.into_iter().map(summary).collect())
}

/// Whether the namespace `main` has an admin.
pub async fn exists(database: &Database) -> Result<bool> {
    account::admin_exists(database.store().pool(), NamespaceId::MAIN).await
}

/// The account with this address, held until the end of the transaction together with every admin, so that of two commands that would each take one
/// of the last two away, one meets the other's outcome.
async fn hold(connection: &mut PgConnection, namespace: NamespaceId, email: &str) -> Result<(Account, Vec<Account>)> {
    let email = Email::parse(email)?;
    let admins = account::lock_admins(&mut *connection, namespace).await?;
    let absent = || Error::not_found("there is no account with this address");
    let found = account::with_email(&mut *connection, namespace, &email).await?.ok_or_else(absent)?;
    let account = account::lock(connection, namespace, &found.id).await?.ok_or_else(absent)?;
    Ok((account, admins))
}

/// 409 where nobody would be left who administers the namespace.
fn check_last_admin(last_admin: LastAdmin, leaving: &Account, admins: &[Account]) -> Result<()> {
    let others = admins.iter().any(|admin| admin.id != leaving.id && !admin.banned);
    let is_admin = admins.iter().any(|admin| admin.id == leaving.id && !admin.banned);
    match last_admin {
        LastAdmin::Stays if is_admin && !others => {
            Err(Error::conflict("this is the last admin; make another one first, or insist with --force"))
        }
        LastAdmin::Stays | LastAdmin::MayGo => Ok(()),
    }
}

fn summary(account: Account) -> AccountSummary {
    AccountSummary {
        id: account_id::shown(&account.id),
        email: account.email,
        roles: account.roles,
        banned: account.banned,
        created: account.created.to_rfc3339(),
    }
}
