//! The handlers; folders mirror URLs.

pub(crate) mod audit;
pub(crate) mod data;
mod query;
pub(crate) mod schema;

pub(crate) use query::query;
