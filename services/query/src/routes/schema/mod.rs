//! `/api/schema`, `/api/schema/{table}` and `/api/schema/{table}/indexes`.

mod answer;
mod define_index;
mod get;
mod list;
mod list_indexes;
mod remove_index;

pub(super) use answer::data;
pub(crate) use define_index::define_index;
pub(crate) use get::get;
pub(crate) use list::list;
pub(crate) use list_indexes::list_indexes;
pub(crate) use remove_index::remove_index;
