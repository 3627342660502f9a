#![doc = include_str!("../README.md")]

mod catalogue;
mod config;
mod connection;
pub mod job;
mod migration;
mod namespace;
mod projection;
mod read;
mod record;
mod store;
pub mod system;
mod transactor;
pub mod verify;

pub use config::Config;
pub use read::ListQuery;
pub use record::Record;
pub use store::Store;
pub use system::SystemRow;
pub use transactor::{Change, Current, Decide, Step, Write, Written};
