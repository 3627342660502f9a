//! The identity relations, one file each: one function per statement. Times are microseconds since 1970 by PostgreSQL's clock.

pub(crate) mod account;
pub(crate) mod session;
pub(crate) mod signing_key;
