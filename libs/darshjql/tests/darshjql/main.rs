//! The tests of `ddb-darshjql`.
mod errors;
mod limits;
mod print;
