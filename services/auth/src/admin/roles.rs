use ddb_core::{Error, NamespaceId, Result};
use ddb_database::Database;
use ddb_store::to_error;

use super::{ADMIN, AccountSummary, LastAdmin, check_last_admin, hold, summary};
use crate::db::account;

const MAX_BYTES: usize = 32;
/// What an account can have; each is a name in the namespace's rules.
const MAX_ROLES: usize = 32;

/// A role's name: `[a-z][a-z0-9_]{0,31}`. `admin` and `root` are known to the server, all others to the rules of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role(String);

impl Role {
    /// 400 for what is no name of a role.
    pub fn parse(text: &str) -> Result<Self> {
        let is_name = text.len() <= MAX_BYTES
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        match is_name {
            true => Ok(Self(text.to_owned())),
            false => Err(Error::bad_request("a role is a lower-case letter, then at most 31 lower-case letters, digits or `_`")),
        }
    }
}

/// Roles to give and to take.
#[derive(Debug, Clone, Default)]
pub struct RoleChange {
    pub add: Vec<Role>,
    pub remove: Vec<Role>,
}

impl RoleChange {
    fn apply(&self, roles: &[String]) -> Result<Vec<String>> {
        if let Some(Role(both)) = self.add.iter().find(|role| self.remove.contains(role)) {
            return Err(Error::bad_request(format!("the role `{both}` is to be added and removed")));
        }
        let mut changed: Vec<String> =
            roles.iter().filter(|role| !self.remove.iter().any(|Role(gone)| gone == *role)).cloned().collect();
        for Role(new) in &self.add {
            if !changed.contains(new) {
                changed.push(new.clone());
            }
        }
        match changed.len() <= MAX_ROLES {
            true => Ok(changed),
            false => Err(Error::bad_request(format!("an account has at most {MAX_ROLES} roles"))),
        }
    }
}

/// Gives and takes roles; every process knows within a second. 404 where there is no such account, 409 where it is the last admin's role.
pub async fn change_roles(
    database: &Database,
    namespace: NamespaceId,
    email: &str,
    change: &RoleChange,
    last_admin: LastAdmin,
) -> Result<AccountSummary> {
    let mut transaction = database.store().pool().begin().await.map_err(to_error)?;
    let (mut account, admins) = hold(&mut transaction, namespace, email).await?;
    let roles = change.apply(&account.roles)?;
    if !roles.iter().any(|role| role == ADMIN) {
        check_last_admin(last_admin, &account, &admins)?;
    }
    if roles != account.roles {
        account::set_roles(&mut transaction, namespace, &account.id, &roles).await?;
        account.roles = roles;
    }
    transaction.commit().await.map_err(to_error)?;
    Ok(summary(account))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(names: &[&str]) -> Vec<Role> {
        names.iter().map(|name| Role::parse(name).expect("a role")).collect()
    }

    #[test]
    fn a_role_is_a_short_lower_case_name() {
        for name in ["a", "admin", "team_2", &"a".repeat(32)] {
            assert!(Role::parse(name).is_ok(), "{name}");
        }
        for name in ["", "A", "aB", "2a", "_a", "a-b", "a b", "a,b", "é", "a\n", &"a".repeat(33)] {
            assert!(Role::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn roles_are_given_once_and_taken_wherever_they_stand() {
        let before = ["admin", "root", "editor"].map(str::to_owned);
        let change = RoleChange { add: roles(&["editor", "viewer", "viewer"]), remove: roles(&["root", "nobody"]) };
        assert_eq!(change.apply(&before).expect("roles"), ["admin", "editor", "viewer"]);
        let both = RoleChange { add: roles(&["a"]), remove: roles(&["a"]) };
        assert!(both.apply(&before).is_err());
        let many = RoleChange { add: (0..33).map(|n| Role::parse(&format!("r{n}")).expect("a role")).collect(), remove: vec![] };
        assert!(many.apply(&[]).is_err());
    }
}
