//! `/api/data/{table}` and `/api/data/{table}/{key}`.

mod create;
mod delete;
mod get;
mod list;
mod merge;
mod replace;

pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use get::get;
pub(crate) use list::list;
pub(crate) use merge::merge;
pub(crate) use replace::replace;
