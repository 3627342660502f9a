//! `/api/jobs`.

mod get;

pub(crate) use get::*;
