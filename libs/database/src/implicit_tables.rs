use ddb_core::Principal;
use ddb_store::{Allowance, NewFields, NewRecords, NewTables};

/// Whose records make the table that they are of, where it does not exist (`DDB_IMPLICIT_TABLES`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MakesTables {
    Everybody,
    Admins,
    Nobody,
}

/// Tables that come into being with their first record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImplicitTables {
    pub made_by: MakesTables,
    /// How many a namespace has at most; None: any number.
    pub in_namespace: Option<u32>,
    /// How many one account makes at most that is no admin's; None: any number.
    pub of_account: Option<u32>,
}

impl Default for ImplicitTables {
    fn default() -> Self {
        Self { made_by: MakesTables::Everybody, in_namespace: Some(100), of_account: Some(20) }
    }
}

impl ImplicitTables {
    /// What a caller's writes may add to the namespace.
    pub(crate) fn allowance(self, principal: &Principal) -> Allowance {
        let is_admin = principal.is_admin();
        let makes_tables = match (principal, self.made_by) {
            (Principal::System, _) => return Allowance::ANY,
            (Principal::Anonymous, _) | (_, MakesTables::Nobody) => false,
            (Principal::Account(_) | Principal::Root(_), MakesTables::Everybody) => true,
            (Principal::Account(_) | Principal::Root(_), MakesTables::Admins) => is_admin,
        };
        let of_actor = self.of_account.filter(|_| !is_admin);
        let limited = NewTables::UpTo { in_namespace: self.in_namespace, of_actor };
        Allowance {
            tables: if makes_tables { limited } else { NewTables::None },
            fields: if is_admin { NewFields::Any } else { NewFields::Share },
            records: if is_admin { NewRecords::OfNamespace } else { NewRecords::OfOwner },
        }
    }
}
