//! The JSON query form, `{"tasks":{"$where":{…},"$order":{…},"project":{}}}`: read into the same expressions that the language has.

mod filter;
mod question;

pub(crate) use question::{Asked, Question};
pub use question::{JsonQuery, order_habit};
