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
mod linger;
mod path;
mod percent;
mod precondition;
mod query;
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
pub use path::{IndexPath, JobPath, NamespacePath, RecordPath, TablePath, TxPath};
pub use query::{Parameters, Query, QueryParameters};
pub use serve::{Listeners, serve};
