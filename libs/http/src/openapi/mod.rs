//! The description of the routes: what stands on the handlers, completed by what is the same on every route.

mod document;
mod page;
pub mod refusal;
mod serve;
mod shared;

pub(crate) use serve::router;
