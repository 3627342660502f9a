#![doc = include_str!("../README.md")]

mod cli;
mod command;
mod compose;
mod version;

pub use cli::{ddb, ddb_server, settings_table};
