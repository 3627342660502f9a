#![doc = include_str!("../README.md")]

mod answers;
pub mod authenticator;
mod body_place;
mod clock;
mod cursor;
mod database;
mod given;
mod implicit_tables;
mod json_query;
mod master_key;
mod metrics;
mod once;
mod op;
mod patch;
mod place;
mod record_body;
mod select;
mod session;
mod stored_kinds;
mod system_values;

pub use authenticator::{Authenticator, AuthenticatorConfig};
pub use database::Database;
pub use ddb_store::KeptAnswer;
pub use implicit_tables::{ImplicitTables, MakesTables};
pub use json_query::{JsonQuery, order_habit};
pub use master_key::MasterKey;
pub use once::OnceKey;
pub use op::Op;
pub use patch::Patch;
pub use record_body::{NewRecord, Replacement, Ttl};
pub use session::{
    ActivityOf, ActivityPage, Answer, Count, DigestedQuery, ErasurePage, Export, Form, HistoryPage, ListRequest, MAX_ERASED,
    MAX_LIMIT, Page, PageRows, Piece, Planned, QueryResult, Session, Shown, Wrote,
};
pub use session::{LimitsChange, QuotaChange};
