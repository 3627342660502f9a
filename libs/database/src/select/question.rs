use ddb_core::{Record, TableName};
use ddb_darshjql::Expr;
use ddb_engine::plan::{OrderTerm, Position};

/// What is asked of a table.
#[derive(Debug, Clone)]
pub(crate) struct Select {
    pub(crate) table: TableName,
    pub(crate) filter: Option<Expr>,
    /// The record's key follows, in the direction of the last term.
    pub(crate) order: Vec<OrderTerm>,
    /// Only what comes after this place.
    pub(crate) after: Option<Position>,
    pub(crate) limit: usize,
}

/// The records that were found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selected {
    pub(crate) records: Vec<Record>,
    /// Whether more would match.
    pub(crate) has_more: bool,
}
