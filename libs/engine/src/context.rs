use ddb_core::{Datetime, Object};

use crate::{Budget, Records, Row};

/// All that an expression can know. The same context gives the same value, apart from functions of chance.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What names without a `$` are looked up in; without a row they are NONE.
    pub row: Option<Row<'a>>,
    /// What names with a `$` are looked up in; those that are not there are NONE.
    pub parameters: &'a Object,
    /// The time of the request: it stands still while it is served.
    pub now: Datetime,
    pub records: &'a Records,
    pub budget: &'a Budget,
}
