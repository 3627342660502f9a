//! Expressions without their values, for logs: the log shows how a caller asks, not about what.

use std::ops::Bound;

use ddb_core::RecordKey;

use crate::{DestructuredField, Expr, ExprKind, KeyExpr, Part, PartKind, Path, RecordRange};

/// Stands for a value.
const MASK: &str = "?";

impl Expr {
    /// The expression with `?` for every value and every record's key in it, and for the names of what an object in it has; names of tables, of the fields that
    /// are asked for, of functions and of parameters stay. Reads, but does not parse.
    pub fn masked(&self) -> Self {
        Self::new(self.kind.masked(), self.span)
    }
}

impl ExprKind {
    fn masked(&self) -> Self {
        match self {
            Self::Literal(_) | Self::Regex(_) => Self::Constant(MASK.to_owned()),
            Self::Array(items) => Self::Array(all(items)),
            Self::Set(items) => Self::Set(all(items)),
            Self::Object(entries) => Self::Object(entries_of(entries)),
            Self::Record(table, key) => Self::Record(table.clone(), key.masked()),
            Self::RecordRange(range) => Self::RecordRange(Box::new(RecordRange {
                table: range.table.clone(),
                begin: bound(&range.begin, KeyExpr::masked),
                end: bound(&range.end, KeyExpr::masked),
            })),
            Self::Constant(name) => Self::Constant(name.clone()),
            Self::Parameter(name) => Self::Parameter(name.clone()),
            Self::Path(path) => Self::Path(path.masked()),
            Self::Access(base, path) => Self::Access(boxed(base), path.masked()),
            Self::Unary(operator, operand) => Self::Unary(*operator, boxed(operand)),
            Self::Cast(kind, operand) => Self::Cast(kind.clone(), boxed(operand)),
            Self::And(operands) => Self::And(all(operands)),
            Self::Or(operands) => Self::Or(all(operands)),
            Self::Binary(left, operator, right) => Self::Binary(boxed(left), *operator, boxed(right)),
            Self::Range(begin, end) => Self::Range(bound(begin, |side| boxed(side)), bound(end, |side| boxed(side))),
            Self::Function(name, arguments) => Self::Function(name.clone(), all(arguments)),
            Self::Closure(parameters, body) => Self::Closure(parameters.clone(), boxed(body)),
        }
    }
}

impl KeyExpr {
    fn masked(&self) -> Self {
        match self {
            Self::Key(_) => Self::Key(RecordKey::String(MASK.to_owned())),
            Self::Array(items) => Self::Array(all(items)),
            Self::Object(entries) => Self::Object(entries_of(entries)),
        }
    }
}

impl Path {
    fn masked(&self) -> Self {
        Self { parts: self.parts.iter().map(|part| Part::new(part.kind.masked(), part.span)).collect() }
    }
}

impl PartKind {
    fn masked(&self) -> Self {
        match self {
            Self::Field(_) | Self::All | Self::Last | Self::Optional | Self::Flatten => self.clone(),
            Self::Index(index) => Self::Index(index.masked()),
            Self::Where(condition) => Self::Where(condition.masked()),
            Self::Destructure(fields) => Self::Destructure(
                fields.iter().map(|field| DestructuredField { name: field.name.clone(), path: field.path.masked() }).collect(),
            ),
            Self::Method(name, arguments) => Self::Method(name.clone(), all(arguments)),
        }
    }
}

fn all(items: &[Expr]) -> Vec<Expr> {
    items.iter().map(Expr::masked).collect()
}

fn entries_of(entries: &[(String, Expr)]) -> Vec<(String, Expr)> {
    entries.iter().map(|(_, value)| (MASK.to_owned(), value.masked())).collect()
}

fn boxed(expr: &Expr) -> Box<Expr> {
    Box::new(expr.masked())
}

fn bound<T, U>(bound: &Bound<T>, mask: impl Fn(&T) -> U) -> Bound<U> {
    match bound {
        Bound::Unbounded => Bound::Unbounded,
        Bound::Included(value) => Bound::Included(mask(value)),
        Bound::Excluded(value) => Bound::Excluded(mask(value)),
    }
}
