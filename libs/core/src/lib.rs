#![doc = include_str!("../README.md")]

pub mod canonical;
pub mod chain;
mod decimal;
pub mod doc;
mod error;
mod field_path;
mod id;
pub mod json;
mod name;
mod nearest;
mod number;
mod principal;
mod record;
pub mod sort_key;
mod time;
mod value;
mod warning;

pub use error::{Error, ErrorCode, ErrorDetail, ErrorPlace, Result};
pub use field_path::{Detour, FieldPath};
pub use id::{AttributeId, EntityId, NamespaceId, RequestId, TableId, Timestamp, Tx, attribute};
pub use name::{FieldName, NamespaceName, TableName};
pub use nearest::suggestion;
pub use principal::{Account, Principal};
pub use record::{GeneratedKeys, Record, RecordId, RecordKey};
pub use time::{Datetime, Duration};
pub use value::{Bound, Geometry, MAX_DEPTH, Object, Range, Value, weight};
pub use warning::{Warning, WarningCode};

pub use rust_decimal::Decimal;
pub use uuid::Uuid;
