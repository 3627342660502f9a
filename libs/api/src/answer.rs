use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What a route shows, and the transaction whose state it is or which it made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Answer<T> {
    pub data: T,
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
}

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    /// Names the next page; null on the last one.
    #[schema(required, example = json!(null))]
    pub next_cursor: Option<String>,
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
}

/// Which page of a list is asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// Items of a page; 50 without it
    #[param(nullable = false, minimum = 1, maximum = 1000, example = 20)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before
    #[param(nullable = false, min_length = 1)]
    pub cursor: Option<String>,
}
