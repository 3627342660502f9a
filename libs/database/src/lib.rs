#![doc = include_str!("../README.md")]

mod authenticator;
mod cursor;
mod database;
mod field_operator;
mod master_key;
mod session;

pub use authenticator::{Authenticator, AuthenticatorConfig};
pub use database::Database;
pub use master_key::MasterKey;
pub use session::{Answer, NewRecord, Page, Session};
