//! The handlers; folders mirror URLs.

pub(crate) mod data;
