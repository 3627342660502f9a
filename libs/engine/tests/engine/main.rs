//! The tests of `ddb-engine`: one line for a case, an expression and the literal form of its value.
mod arithmetic;
mod casts;
mod errors;
mod functions;
mod limits;
mod links;
mod operators;
mod paths;
mod support;
