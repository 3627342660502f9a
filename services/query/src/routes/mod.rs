//! The handlers; folders mirror URLs.

pub(crate) mod audit;
pub(crate) mod data;
mod mutate;
mod query;
pub(crate) mod schema;

pub(crate) use mutate::mutate;
pub(crate) use query::query;
