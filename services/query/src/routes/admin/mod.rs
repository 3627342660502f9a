//! `/api/admin/…`

mod erase;
mod erasures;
pub(crate) mod limits;
pub(crate) mod namespaces;
pub(crate) mod quotas;

pub(crate) use erase::*;
pub(crate) use erasures::*;
