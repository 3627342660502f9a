//! The tests of `ddb-darshjql`.
//!
//! The property tests use a fixed seed and few cases; `DDB_TEST_CASES=100000 cargo test -p ddb-darshjql` runs many with a new seed.
#[path = "../../../core/tests/core/coverage.rs"]
mod coverage;
mod errors;
mod limits;
mod masked;
mod print;
mod properties;
mod record_id;
mod trees;
#[expect(dead_code, reason = "the strategies of ddb-core, of which some are needed")]
#[path = "../../../core/tests/core/values.rs"]
mod values;
