//! `/api/admin`.

mod erase;
mod erasures;

pub(crate) use erase::erase;
pub(crate) use erasures::erasures;
