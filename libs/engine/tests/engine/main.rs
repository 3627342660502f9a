//! The tests of `ddb-engine`: one line for a case, an expression and the literal form of its value.
//!
//! The property tests use a fixed seed and few cases; `DDB_TEST_CASES=100000 cargo test -p ddb-engine laws` runs many with a new seed.
mod arithmetic;
mod casts;
#[path = "../../../core/tests/core/coverage.rs"]
mod coverage;
mod errors;
mod filter;
mod functions;
mod laws;
mod limits;
mod links;
mod operators;
mod paths;
mod plans;
mod reference;
mod support;
#[expect(dead_code, reason = "the trees of ddb-darshjql, whose coverage is counted there")]
#[path = "../../../darshjql/tests/darshjql/trees.rs"]
mod trees;
#[expect(dead_code, reason = "the strategies of ddb-core, of which some are needed")]
#[path = "../../../core/tests/core/values.rs"]
mod values;
