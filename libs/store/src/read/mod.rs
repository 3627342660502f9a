//! Reads from the projections.

mod by_key;
mod list;

pub use list::ListQuery;

pub(crate) use by_key::Readers;
pub(crate) use list::list;

/// What a read found and the state that it shows.
#[derive(Debug, Clone)]
pub struct Found<T> {
    pub data: T,
    pub tx: ddb_core::Tx,
}
