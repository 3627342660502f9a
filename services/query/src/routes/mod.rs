//! The handlers; folders mirror URLs.

pub(crate) mod data;
pub(crate) mod schema;
