use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An answer with the transaction whose state it shows, or which it made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Answer<T> {
    pub data: T,
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
}

/// Nothing is wrong with the answer, but the caller probably wants to know this.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Warning {
    pub code: WarningCode,
    #[schema(example = "the filter failed on 3 records, which do not match")]
    pub message: String,
    /// The field that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<String>,
    /// How many records it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub count: Option<i64>,
    /// How many records it is about at least, where not all were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub at_least: Option<i64>,
}

/// What a warning is about.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WarningCode {
    /// The filter failed on records that were looked at; they do not match.
    FilterFailed,
    /// A comparison can match nothing because of kinds; the message says what to write.
    Kind,
    /// No record that the caller may know of ever had a field of that name.
    UnknownField,
    /// A body holds a value of the system that is not the one that is stored; it was ignored.
    SystemValue,
}

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    /// The `cursor` of the next page; null on the last page.
    #[schema(required, example = json!(null))]
    pub next_cursor: Option<String>,
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
}

/// Which page of a list is asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// Items per page; the default is 50
    #[param(nullable = false, minimum = 1, maximum = 1000, example = 20)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the previous page
    #[param(nullable = false, min_length = 1)]
    pub cursor: Option<String>,
}
