#![doc = include_str!("../README.md")]

pub mod authenticator;
mod cursor;
mod database;
mod master_key;
mod patch;
mod record_body;
mod session;

pub use authenticator::{Authenticator, AuthenticatorConfig};
pub use database::Database;
pub use master_key::MasterKey;
pub use patch::Patch;
pub use record_body::{NewRecord, Ttl};
pub use session::{Answer, HistoryPage, Page, Session};
