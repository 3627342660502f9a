//! Admins, made from the command line or at first start.

use ddb_core::{Error, NamespaceId, Object, Principal, Result};
use ddb_database::Database;
use ddb_store::system::NewAccount;
use zeroize::Zeroizing;

use crate::account_id;
use crate::db::account::{self, Account};
use crate::email::Email;
use crate::hasher;
use crate::password::Password;

/// An admin as the command line shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// `user:<key>`.
    pub id: String,
    pub email: String,
    pub roles: Vec<String>,
    /// RFC 3339.
    pub created: String,
}

/// Makes an account with the role `admin`, and `root` where it is the first. 422 for an address or a password that is none, 409 where the address is taken.
pub async fn create(database: &Database, email: &str, password: Zeroizing<String>) -> Result<Admin> {
    let email = Email::parse(email)?;
    let password = Password::choose(password, "password")?;
    let mut roles = vec!["admin".to_owned()];
    if !exists(database).await? {
        roles.push("root".to_owned());
    }
    let hash = tokio::task::spawn_blocking(move || hasher::hash(&password, &mut hasher::new_memory()))
        .await
        .map_err(Error::internal)??;
    let new = NewAccount {
        id: account_id::new()?,
        email: email.as_str().to_owned(),
        password_hash: Some(hash),
        roles,
        verified: false,
    };
    let made = database.session(Principal::System, NamespaceId::MAIN, None).sign_up(new.clone(), Object::new(), None).await?;
    Ok(Admin { id: account_id::shown(&new.id), email: new.email, roles: new.roles, created: made.data.created.to_rfc3339() })
}

pub async fn list(database: &Database) -> Result<Vec<Admin>> {
    let admins = account::admins(database.store().pool(), NamespaceId::MAIN).await?;
    Ok(admins.into_iter().map(admin).collect())
}

pub async fn exists(database: &Database) -> Result<bool> {
    account::admin_exists(database.store().pool(), NamespaceId::MAIN).await
}

fn admin(account: Account) -> Admin {
    Admin {
        id: account_id::shown(&account.id),
        email: account.email,
        roles: account.roles,
        created: account.created.to_rfc3339(),
    }
}
