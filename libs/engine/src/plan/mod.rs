//! From a filter and an order to SQL over a table's projection.
//!
//! The condition may let through more rows than match: whoever reads them asks the evaluator about each, unless the plan says that
//! it is exact. Column names come from the table's shape, values are bound.

mod condition;
mod order;
mod shape;

use ddb_core::Result;
use ddb_darshjql::Expr;

pub use order::{OrderTerm, Position, PositionPart};
pub use shape::{Column, IndexShape, OwnTimes, Shape};

/// A value beside SQL text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bind {
    Bytes(Vec<u8>),
    ManyBytes(Vec<Vec<u8>>),
    Text(String),
    Int(i64),
}

/// What is asked of a table.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub filter: Option<&'a Expr>,
    /// Only the rows of this owner, as the sort key of his key.
    pub owner: Option<&'a [u8]>,
    pub order: &'a [OrderTerm],
    /// Only what comes after this place in the order. Taken into the condition only where the plan is ordered.
    pub after: Option<&'a Position>,
}

/// SQL over the projection `p`.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Lets through every row that matches.
    pub condition: String,
    /// The values of its places, from the first on.
    pub binds: Vec<Bind>,
    /// Whether the condition lets through no other row.
    pub is_exact: bool,
    /// `order by`; None where the rows have to be sorted by who reads them.
    pub order: Option<String>,
    /// Whether one index serves condition and order together.
    pub is_indexed: bool,
}

/// Plans a question; `first_place` is the number of the first bind.
pub fn plan(question: Question<'_>, shape: &Shape, constants: &impl Constants, first_place: usize) -> Result<Plan> {
    let mut places = Places { first: first_place, binds: Vec::new() };
    let mut conditions = Vec::new();
    let (mut equal, mut ranges) = (Vec::new(), Vec::new());
    if let Some(owner) = question.owner {
        conditions.push(format!("p.owner = {}", places.bind(Bind::Bytes(owner.to_vec()))));
    }
    let mut is_exact = true;
    for conjunct in question.filter.map(Expr::conjuncts).unwrap_or_default() {
        match condition::of(conjunct, shape, constants, &mut places) {
            Some(pushed) => {
                is_exact &= pushed.is_exact;
                equal.extend(pushed.equal_column);
                ranges.extend(pushed.range_column);
                conditions.push(pushed.sql);
            }
            None => is_exact = false,
        }
    }
    let conditions_of_filter = conditions.len();
    let columns = order::columns(question.order, shape);
    let order = columns.as_ref().map(|columns| order::sql(columns));
    if let (Some(columns), Some(after)) = (&columns, question.after) {
        conditions.push(order::after(columns, after, &mut places)?);
    }
    // An owner, columns with one value, and ranges of the column that comes first in the order: nothing else.
    let is_simple = conditions_of_filter == usize::from(question.owner.is_some()) + equal.len() + ranges.len();
    let is_indexed = is_exact && is_simple && columns.is_some_and(|columns| shape.is_served(&equal, &ranges, &columns));
    let condition = if conditions.is_empty() { "true".to_owned() } else { conditions.join(" and ") };
    Ok(Plan { condition, binds: places.binds, is_exact, order, is_indexed })
}

/// Evaluates what does not depend on a row.
pub trait Constants {
    fn evaluate(&self, expr: &Expr) -> Result<ddb_core::Value>;
}

/// The numbered places of a statement.
pub(crate) struct Places {
    first: usize,
    binds: Vec<Bind>,
}

impl Places {
    fn count(&self) -> usize {
        self.binds.len()
    }

    /// Takes back what was bound since.
    fn truncate(&mut self, count: usize) {
        self.binds.truncate(count);
    }

    pub(crate) fn bind(&mut self, bind: Bind) -> String {
        self.binds.push(bind);
        format!("${}", self.first + self.binds.len() - 1)
    }
}
