//! The description of the routes: what stands on the handlers, completed by what is the same on every route.

mod document;
mod example;
mod guide;
mod page;
pub mod refusal;
mod samples;
mod serve;
mod shared;

pub use guide::Chapter;
pub(crate) use serve::router;
