#![doc = include_str!("../README.md")]

pub mod arithmetic;
mod budget;
mod cast;
mod check;
mod constant;
mod containment;
mod context;
mod evaluate;
pub mod filter;
mod function;
mod geometry;
mod kind;
mod operator;
mod path;
pub mod plan;
mod problem;
mod records;
mod row;
mod scope;
mod truthy;

pub use budget::Budget;
pub use check::check;
pub use context::Context;
pub use evaluate::evaluate;
pub use records::{Known, Records};
pub use row::Row;
pub use truthy::is_truthy;
