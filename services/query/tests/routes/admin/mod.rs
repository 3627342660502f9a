//! `/api/admin/…`

mod erase;
mod erasures;
mod namespaces;
mod quotas;
