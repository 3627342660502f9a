//! `/api/schema`, `/api/schema/{table}` and `/api/schema/{table}/indexes`.

mod answer;
mod change;
mod change_all;
mod define_index;
mod get;
mod list;
mod list_indexes;
mod remove_index;

pub(super) use answer::data;
pub(crate) use change::*;
pub(crate) use change_all::*;
pub(crate) use define_index::*;
pub(crate) use get::*;
pub(crate) use list::*;
pub(crate) use list_indexes::*;
pub(crate) use remove_index::*;
