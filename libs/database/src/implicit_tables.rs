use ddb_core::Principal;
use ddb_store::{Allowance, NewFields, NewTables};

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
        let tables = |of_actor| NewTables::UpTo { in_namespace: self.in_namespace, of_actor };
        match (principal, self.made_by) {
            (Principal::System, _) => Allowance::ANY,
            (Principal::Anonymous, _) => Allowance { tables: NewTables::None, fields: NewFields::Share },
            (Principal::Account(account), MakesTables::Nobody) => {
                Allowance { tables: NewTables::None, fields: fields(account.admin) }
            }
            (Principal::Account(account), MakesTables::Everybody | MakesTables::Admins) if account.admin => {
                Allowance { tables: tables(None), fields: NewFields::Any }
            }
            (Principal::Account(_), MakesTables::Everybody) => {
                Allowance { tables: tables(self.of_account), fields: NewFields::Share }
            }
            (Principal::Account(_), MakesTables::Admins) => Allowance { tables: NewTables::None, fields: NewFields::Share },
        }
    }
}

fn fields(is_admin: bool) -> NewFields {
    if is_admin { NewFields::Any } else { NewFields::Share }
}
