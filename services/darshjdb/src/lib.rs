#![doc = include_str!("../README.md")]

mod cli;
mod command;
mod compose;

pub use cli::{ddb, ddb_server, settings_table};
