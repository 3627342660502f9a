//! The handlers; folders mirror URLs.

pub(crate) mod auth;
pub(crate) mod well_known;
