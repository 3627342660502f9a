#![doc = include_str!("../README.md")]

mod catalogue;
mod config;
mod connection;
mod dictionary;
pub mod expiry;
mod fold;
pub mod identity;
pub mod index;
pub mod job;
mod migration;
mod namespace;
mod past;
mod pool;
mod projection;
mod read;
mod record;
pub mod requirements;
mod schema;
mod statement;
mod status;
mod store;
pub mod system;
mod transactor;
pub mod verify;

pub use config::Config;
pub use connection::to_error;
pub use ddb_core::{Record, Shadowed};
pub use past::{Action, At, FieldChange, MayRead, Past, PastRecord, Place, Version, Versions};
pub use pool::Pool;
pub use read::{Bind, Found, Scan, Scanned, Snapshot, TableShape};
pub use record::{MAX_FIELDS, check_new};
pub use schema::TableSchema;
pub use status::{Status, TableStatus};
pub use store::Store;
pub use system::SystemRow;
pub use transactor::{Change, Current, Decide, Step, Write, Written};
