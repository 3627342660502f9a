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

pub(crate) use create::*;
pub(crate) use delete::*;
pub(crate) use get::*;
pub(crate) use history::*;
pub(crate) use list::*;
pub(crate) use merge::*;
pub(crate) use replace::*;
pub(crate) use restore::*;
pub(crate) use undelete::*;
