#![doc = include_str!("../README.md")]
// All output goes through `output`, which handles a reader that is gone.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod cli;
mod command;
mod compose;
mod help;
mod output;
mod version;

pub use cli::{ddb, ddb_server, settings_table};
