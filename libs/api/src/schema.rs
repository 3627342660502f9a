//! Tables, fields and indexes as data.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Table {
    #[schema(example = "tasks")]
    pub name: String,
    /// All field names that records of the table ever had.
    #[schema(example = json!(["priority", "status", "title"]))]
    pub fields: Vec<String>,
    pub indexes: Vec<Index>,
    /// How long the past is kept, if the table has a setting of its own; null: the setting of the namespace.
    #[schema(required, example = json!("4w2d"))]
    pub history: Option<String>,
    /// How long the past is kept.
    #[schema(example = "4w2d")]
    pub keeps: String,
    /// The oldest transaction whose state can be read.
    #[schema(minimum = 0, example = 0)]
    pub horizon: i64,
}

/// How long the past is kept.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"history": "30d"}))]
pub struct KeepHistory {
    /// `forever`, `none`, or a duration from `1s` to `200y`. Null for a table: the setting of the namespace. Null for the namespace: for ever.
    #[schema(required, pattern = "^(?i:forever|none)$|^([0-9]+(ns|us|µs|ms|s|m|h|d|w|y))+$")]
    pub history: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Index {
    #[schema(example = "status_priority")]
    pub name: String,
    /// Paths of names (`profile.email`), with a minus for descending.
    #[schema(example = json!(["status", "-profile.email"]))]
    pub fields: Vec<String>,
    pub unique: bool,
    pub state: IndexState,
    pub progress: Progress,
    /// Why the build failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub problem: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(example = "ready")]
pub enum IndexState {
    Building,
    Ready,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"done": 100, "total": 100}))]
pub struct Progress {
    pub done: i64,
    pub total: i64,
}

/// An index to define.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"fields": ["status", "-priority"], "name": "by_status"}))]
pub struct NewIndex {
    /// Paths of names over objects (`profile.email`), or `_owner`; descending with a minus before them. A name that holds a point stands in backticks.
    #[schema(min_items = 1, max_items = 8)]
    pub fields: Vec<String>,
    #[schema(nullable = false, default = false)]
    pub unique: Option<bool>,
    /// Without it the name is made of the fields.
    #[schema(pattern = "^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
    pub name: Option<String>,
}
