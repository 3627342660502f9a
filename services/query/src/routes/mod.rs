//! The handlers; folders mirror URLs.

pub(crate) mod audit;
pub(crate) mod data;
pub(crate) mod schema;
