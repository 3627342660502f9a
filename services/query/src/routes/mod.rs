//! The handlers; folders mirror URLs.

pub(crate) mod admin;
pub(crate) mod audit;
mod batch;
pub(crate) mod data;
pub(crate) mod jobs;
mod mutate;
mod query;
pub(crate) mod schema;

pub(crate) use batch::*;
pub(crate) use mutate::*;
pub(crate) use query::*;
