#![doc = include_str!("../README.md")]

mod answer;
mod app;
mod body;
mod body_memory;
mod caller;
mod context;
mod error;
mod fields;
mod idempotency;
mod if_match;
mod if_none_match;
pub mod limit;
mod linger;
mod openapi;
mod path;
mod percent;
mod precondition;
mod query;
mod routes;
mod serve;

pub use answer::Answer;
pub use app::{App, Log};
pub use body::{JsonBody, SmallJsonBody, UnreadBody};
pub use caller::Caller;
pub use context::{CONTRACT_VERSION, Context};
pub use error::{ApiError, ApiResult, write_error_of_part};
pub use fields::Fields;
pub use idempotency::Idempotency;
pub use if_match::IfMatch;
pub use if_none_match::has_already;
pub use openapi::refusal;
pub use path::{IndexPath, JobPath, NamespacePath, RecordPath, TablePath, TxPath};
pub use query::{Parameters, Query, QueryParameters};
pub use routes::Routes;
pub use serve::{Listeners, serve};
pub use utoipa_axum::routes;
