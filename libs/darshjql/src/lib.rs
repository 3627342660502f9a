#![doc = include_str!("../README.md")]

mod expression;
mod grammar;
mod kind;
mod masked;
mod operator;
mod operator_word;
mod path;
mod print;
mod record_id;
mod span;
mod syntax_error;
mod token;
mod tokenizer;

pub use expression::{ClosureParameter, Expr, ExprKind, KeyExpr, RecordRange};
pub use grammar::{parse_expression, parse_filter, parse_path, parse_value};
pub use kind::{GeometryKind, Kind};
pub use operator::{BinaryOperator, UnaryOperator};
pub use path::{DestructuredField, Part, PartKind, Path};
pub use record_id::{parse_own_id, parse_record_id, parse_record_key};
pub use span::Span;
pub use syntax_error::SyntaxError;
