//! The JSON query form, `{"tasks":{"$where":{…},"$order":{…},"project":{}}}`: read into the same expressions that the language has.

mod filter;
mod question;

pub use question::JsonQuery;
pub(crate) use question::Question;
