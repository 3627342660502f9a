use ddb_core::{Error, ErrorCode, TableName};

/// What a write may add to its namespace besides records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub tables: NewTables,
    pub fields: NewFields,
    pub records: NewRecords,
}

/// The tables that come into being with a write's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewTables {
    /// None do: a record of a table that does not exist is refused (404).
    None,
    /// As long as there are fewer that accounts have made in this way. None: any number.
    UpTo {
        in_namespace: Option<u32>,
        of_actor: Option<u32>,
    },
    Any,
}

/// The names of fields that a write gives to tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewFields {
    /// As many as a table can have.
    Any,
    /// That to tables which the actor has made; to others a share, and no name of a system value.
    Share,
}

/// The records that a write adds, and the bytes by which records grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewRecords {
    /// As many as there is room for.
    Any,
    /// As many as the namespace may hold.
    OfNamespace,
    /// As many as the namespace and their owners may hold.
    OfOwner,
}

impl Allowance {
    /// The system's.
    pub const ANY: Self = Self { tables: NewTables::Any, fields: NewFields::Any, records: NewRecords::Any };
}

/// How many tables there are that accounts have made with records: in the namespace, and of those one account's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made {
    pub(crate) in_namespace: usize,
    pub(crate) of_actor: usize,
}

impl NewTables {
    /// Whether the table may be made: `QUOTA_EXCEEDED` where there are as many as there may be, 404 where none are made at all.
    pub(crate) fn check(self, table: &TableName, made: Made) -> ddb_core::Result<()> {
        let is_full = |made: usize, most: Option<u32>| most.filter(|most| made >= *most as usize);
        let (in_namespace, of_actor) = match self {
            Self::None => return Err(unknown_table(table)),
            Self::Any => return Ok(()),
            Self::UpTo { in_namespace, of_actor } => (in_namespace, of_actor),
        };
        let message = if let Some(most) = is_full(made.of_actor, of_actor) {
            format!(
                "there is no table `{table}`, and this record does not create it: an account creates at most {most} tables; an admin can create more"
            )
        } else if let Some(most) = is_full(made.in_namespace, in_namespace) {
            format!(
                "there is no table `{table}`, and this record does not create it: records create at most {most} tables in a \
                 namespace; the setting `implicit_tables_limit` raises that"
            )
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorCode::QuotaExceeded, message))
    }
}

/// The answer to a record of a table that does not exist and is not made.
pub fn unknown_table(table: &TableName) -> Error {
    Error::not_found(format!("there is no table `{table}`"))
}
