#![doc = include_str!("../README.md")]

mod attach;
mod binaries;
#[cfg(feature = "bundled-postgres")]
mod bundle;
mod cluster;
mod command;
mod config;
mod connection;
mod directory;
mod error;
mod instance;
mod lock;
mod log;
mod names;
mod orphan;
mod password;
mod process;
mod reach;
mod room;
mod running;
mod server;
mod settings;
mod socket;
mod space;
mod state;
mod user;

pub use attach::{Attached, attach_or_start};
pub use config::Config;
pub use connection::Connection;
pub use error::{Error, Result};
pub use lock::DataLock;
pub use room::Room;
pub use running::{abandon, ended};
pub use server::Server;
pub use space::Space;
