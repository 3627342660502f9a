#![doc = include_str!("../README.md")]
// A test that cannot go on panics; that is what this crate is for.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

mod caller;
mod client;
mod cluster;
mod database;
mod directory;
mod disk;
mod memory_group;
mod nats;
mod process;
mod program;
mod proxy;
mod root;
mod server;
mod stage;
mod tls;

pub use caller::Caller;
pub use client::{Answer, Client};
pub use database::{Database, Session};
pub use directory::Directory;
pub use disk::{Disk, Filler};
pub use memory_group::{MemoryGroup, MemoryUse};
pub use nats::NatsServer;
pub use process::{Output, kill, wait_for_exit};
pub use program::{built, command};
pub use proxy::{Cut, Point, Proxy};
pub use root::is_root;
pub use server::{Builder, DiskOf, Server, end_server};
pub use stage::{Cast, Stage};
pub use tls::Authority;

pub use bytes::Bytes;
pub use hyper::Method;
pub use serde_json::{Value as Json, json};
