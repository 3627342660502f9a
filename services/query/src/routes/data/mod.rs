//! `/api/data/{table}`, `/api/data/{table}/{key}` and what stands below it.

mod create;
mod delete;
mod get;
mod history;
mod list;
mod merge;
mod replace;
mod restore;
mod undelete;

pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use get::get;
pub(crate) use history::history;
pub(crate) use list::list;
pub(crate) use merge::merge;
pub(crate) use replace::replace;
pub(crate) use restore::restore;
pub(crate) use undelete::undelete;
