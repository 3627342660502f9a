#![doc = include_str!("../README.md")]

mod allocator;
mod attachment;
mod banner;
mod config;
mod front_page;
mod ground;
mod in_force;
mod log_of_store;
mod main_of;
mod master_key;
mod memory;
mod probes;
mod run;
mod service;
mod setting;
mod settings;
mod shared;
mod signal;
mod telemetry;
mod traffic;
mod vacant;
mod whereabouts;

pub use attachment::{Attachment, disk};
pub use config::{Config, Credentials, LogFormat};
pub use ddb_postgres::Space;
pub use in_force::{InForce, Value};
pub use log_of_store::LogOfStore;
pub use main_of::{carry_out, executor, exit_code, main_of, misused, serve};
pub use service::{HasAdmin, Service, Task};
pub use setting::{Definitions, Setting};
pub use settings::{Settings, without_line_break};
pub use shared::Shared;
pub use telemetry::{LogGuard, Telemetry, log, telemetry};
pub use traffic::Traffic;
pub use vacant::with_vacant_database;
