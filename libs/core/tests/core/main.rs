//! The tests of `ddb-core`. Each file names the mutants (lines broken on purpose) that it was seen, or is made, to find.
//!
//! The property tests use a fixed seed and few cases; `DDB_TEST_CASES=100000 cargo test -p ddb-core` runs many with a new seed.
mod canonical;
mod chain;
mod coverage;
mod doc;
mod golden;
mod json;
mod order;
mod record;
mod sort_key;
mod time;
mod value;
mod values;
