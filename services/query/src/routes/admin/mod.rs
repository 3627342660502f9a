//! `/api/admin`.

mod erase;

pub(crate) use erase::erase;
