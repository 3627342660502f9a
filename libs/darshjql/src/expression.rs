use std::ops::Bound;

use ddb_core::{RecordKey, TableName, Value};

use crate::{BinaryOperator, Kind, Path, Span, UnaryOperator};

/// An expression and where it stood. Equality ignores the place; `Display` writes text that reads back as an equal expression.
#[derive(Debug, Clone)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

/// What an expression is. `Eq` is that of the values inside: `1` and `1.0` are equal expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExprKind {
    /// Everything that is known without evaluating: also arrays, sets, objects and record ids of which every part is.
    Literal(Value),
    /// `/x/`: an argument of a function, or beside an operator that compares text.
    Regex(String),
    Array(Vec<Expr>),
    Set(Vec<Expr>),
    /// In the order of the text; of equal keys the last counts.
    Object(Vec<(String, Expr)>),
    /// A record id whose key has to be evaluated.
    Record(TableName, KeyExpr),
    /// `t:1..4`: stands after `IN` and its like.
    RecordRange(Box<RecordRange>),
    /// `math::pi`
    Constant(String),
    /// `$name`
    Parameter(String),
    /// A path that begins at the row: `a.b[0]`.
    Path(Path),
    /// A path that begins at a value: `$x.b`, `f().c`.
    Access(Box<Expr>, Path),
    Unary(UnaryOperator, Box<Expr>),
    Cast(Kind, Box<Expr>),
    /// Two or more; the first that is not truthy, otherwise the last.
    And(Vec<Expr>),
    /// Two or more; the first that is truthy, otherwise the last.
    Or(Vec<Expr>),
    Binary(Box<Expr>, BinaryOperator, Box<Expr>),
    Range(Bound<Box<Expr>>, Bound<Box<Expr>>),
    /// A function by its name in small letters, `string::len`.
    Function(String, Vec<Expr>),
    /// `|$a, $b: int| …`: an argument of a function.
    Closure(Vec<ClosureParameter>, Box<Expr>),
}

/// A parameter of a closure: its name without `$`, and of which kind it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosureParameter {
    pub name: String,
    pub kind: Option<Kind>,
}

/// The key of a record id, or a part of it, before it is evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyExpr {
    Key(RecordKey),
    Array(Vec<Expr>),
    Object(Vec<(String, Expr)>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRange {
    pub table: TableName,
    pub begin: Bound<KeyExpr>,
    pub end: Bound<KeyExpr>,
}

impl Expr {
    pub fn new(kind: ExprKind, span: Span) -> Self {
        Self { kind, span }
    }

    /// The value of a literal.
    pub fn as_literal(&self) -> Option<&Value> {
        match &self.kind {
            ExprKind::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// The parts that must all be truthy for this to be: those of an AND, otherwise the expression itself.
    pub fn conjuncts(&self) -> &[Expr] {
        match &self.kind {
            ExprKind::And(operands) => operands,
            _ => std::slice::from_ref(self),
        }
    }

    /// The expressions that stand directly in this one, those of its paths too.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Regex(_) | ExprKind::Constant(_) | ExprKind::Parameter(_) => Vec::new(),
            ExprKind::Array(items) | ExprKind::Set(items) | ExprKind::And(items) | ExprKind::Or(items) => items.iter().collect(),
            ExprKind::Function(_, arguments) => arguments.iter().collect(),
            ExprKind::Object(entries) => entries.iter().map(|(_, value)| value).collect(),
            ExprKind::Record(_, key) => key.children(),
            ExprKind::RecordRange(range) => {
                [&range.begin, &range.end].into_iter().filter_map(bound_value).flat_map(KeyExpr::children).collect()
            }
            ExprKind::Path(path) => path.children(),
            ExprKind::Access(base, path) => std::iter::once(&**base).chain(path.children()).collect(),
            ExprKind::Unary(_, operand) | ExprKind::Cast(_, operand) | ExprKind::Closure(_, operand) => vec![operand],
            ExprKind::Binary(left, _, right) => vec![left, right],
            ExprKind::Range(begin, end) => [begin, end].into_iter().filter_map(bound_value).map(|side| &**side).collect(),
        }
    }

    /// The same, to be changed in place.
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.kind {
            ExprKind::Literal(_) | ExprKind::Regex(_) | ExprKind::Constant(_) | ExprKind::Parameter(_) => Vec::new(),
            ExprKind::Array(items) | ExprKind::Set(items) | ExprKind::And(items) | ExprKind::Or(items) => {
                items.iter_mut().collect()
            }
            ExprKind::Function(_, arguments) => arguments.iter_mut().collect(),
            ExprKind::Object(entries) => entries.iter_mut().map(|(_, value)| value).collect(),
            ExprKind::Record(_, key) => key.children_mut(),
            ExprKind::RecordRange(range) => [&mut range.begin, &mut range.end]
                .into_iter()
                .filter_map(bound_value_mut)
                .flat_map(KeyExpr::children_mut)
                .collect(),
            ExprKind::Path(path) => path.children_mut(),
            ExprKind::Access(base, path) => std::iter::once(&mut **base).chain(path.children_mut()).collect(),
            ExprKind::Unary(_, operand) | ExprKind::Cast(_, operand) | ExprKind::Closure(_, operand) => vec![operand],
            ExprKind::Binary(left, _, right) => vec![left, right],
            ExprKind::Range(begin, end) => [begin, end].into_iter().filter_map(bound_value_mut).map(|side| &mut **side).collect(),
        }
    }
}

impl KeyExpr {
    fn children_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Self::Key(_) => Vec::new(),
            Self::Array(items) => items.iter_mut().collect(),
            Self::Object(entries) => entries.iter_mut().map(|(_, value)| value).collect(),
        }
    }

    fn children(&self) -> Vec<&Expr> {
        match self {
            Self::Key(_) => Vec::new(),
            Self::Array(items) => items.iter().collect(),
            Self::Object(entries) => entries.iter().map(|(_, value)| value).collect(),
        }
    }
}

pub(crate) fn bound_value<T>(bound: &Bound<T>) -> Option<&T> {
    match bound {
        Bound::Unbounded => None,
        Bound::Included(value) | Bound::Excluded(value) => Some(value),
    }
}

fn bound_value_mut<T>(bound: &mut Bound<T>) -> Option<&mut T> {
    match bound {
        Bound::Unbounded => None,
        Bound::Included(value) | Bound::Excluded(value) => Some(value),
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Eq for Expr {}
