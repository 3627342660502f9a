use ddb_core::{Error, ErrorCode, Principal, RecordKey, Result};

use crate::Rows;

/// What a table lets its callers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// A table without PERMISSIONS: private to each record's owner.
    Private,
    /// The table `user`: private too, but only sign-up and admins make its records.
    Users,
}

impl Policy {
    /// The rows that exist for the caller: to be read, changed and deleted.
    pub fn visible(self, principal: &Principal) -> Rows {
        match (self, principal) {
            (Self::Private | Self::Users, Principal::Anonymous) => Rows::Nothing,
            (Self::Private | Self::Users, Principal::System | Principal::Root(_)) => Rows::All,
            (Self::Private | Self::Users, Principal::Account(account)) if account.admin => Rows::All,
            (Self::Private | Self::Users, Principal::Account(account)) => Rows::OwnedBy(account.key.clone()),
        }
    }

    /// The owner of a record that the caller makes; 401 and 403 for callers who may not make any.
    pub fn owner_of_new(self, principal: &Principal) -> Result<Option<RecordKey>> {
        match (self, principal) {
            (Self::Private | Self::Users, Principal::Anonymous) => Err(Error::unauthenticated("sign in to create records")),
            (Self::Users, Principal::Account(account)) if !account.admin => Err(Error::new(
                ErrorCode::PermissionDenied,
                "sign-up makes the records of `user`; only admins make further ones. PATCH /api/auth/me changes your own",
            )),
            (Self::Private | Self::Users, Principal::System | Principal::Root(_) | Principal::Account(_)) => {
                Ok(principal.user_key().cloned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ddb_core::{Account, NamespaceId};

    use super::*;

    fn key(text: &str) -> RecordKey {
        RecordKey::String(text.to_owned())
    }

    fn account(name: &str, admin: bool) -> Principal {
        Principal::Account(Arc::new(Account { namespace: NamespaceId::MAIN, key: key(name), session: None, admin, root: false }))
    }

    #[test]
    fn only_owner_admin_and_system_see_a_record() {
        // Mutant: `Self::OwnedBy(key) => owner.is_some()` in `Rows::contain`.
        let cases = [
            (Principal::Anonymous, Some("ada"), false),
            (Principal::Anonymous, None, false),
            (account("ada", false), Some("ada"), true),
            (account("ada", false), Some("bob"), false),
            (account("ada", false), None, false),
            (account("root", true), Some("bob"), true),
            (account("root", true), None, true),
            (Principal::System, Some("bob"), true),
        ];
        for (principal, owner, expected) in cases {
            let owner = owner.map(key);
            assert_eq!(Policy::Private.visible(&principal).contain(owner.as_ref()), expected, "{principal:?} and {owner:?}");
        }
    }

    #[test]
    fn a_new_record_belongs_to_its_creator() {
        assert!(Policy::Private.owner_of_new(&Principal::Anonymous).is_err());
        assert_eq!(Policy::Private.owner_of_new(&account("ada", false)).ok(), Some(Some(key("ada"))));
        assert_eq!(Policy::Private.owner_of_new(&Principal::System).ok(), Some(None));
    }

    #[test]
    fn only_admins_make_users() {
        // Mutant: the arm of `Users` in `owner_of_new` is gone.
        let code = |principal: &Principal| Policy::Users.owner_of_new(principal).map_err(|error| error.code());
        assert_eq!(code(&Principal::Anonymous), Err(ErrorCode::Unauthenticated));
        assert_eq!(code(&account("ada", false)), Err(ErrorCode::PermissionDenied));
        assert_eq!(code(&account("boss", true)), Ok(Some(key("boss"))));
        assert_eq!(code(&Principal::System), Ok(None));
        assert_eq!(Policy::Users.visible(&account("ada", false)), Rows::OwnedBy(key("ada")));
    }
}
