//! The tests of `ddb-core`. Each file names mutants: lines that, broken on purpose, make a test of it fail. All were tried when the formats were frozen.
//!
//! The property tests use a fixed seed and few cases; `DDB_TEST_CASES=100000 cargo test -p ddb-core` runs many with a new seed.
mod canonical;
mod chain;
mod coverage;
mod doc;
mod field_path;
mod golden;
mod json;
mod order;
mod proof;
mod record;
mod sort_key;
mod time;
mod value;
mod values;
