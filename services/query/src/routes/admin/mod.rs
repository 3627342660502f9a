//! `/api/admin/…`

mod erase;
mod erasures;
pub(crate) mod namespaces;
pub(crate) mod quotas;

pub(crate) use erase::erase;
pub(crate) use erasures::erasures;
