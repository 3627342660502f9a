//! Reads from the projections.

mod by_key;
mod scan;
mod shape;
mod snapshot;

pub use scan::{Bind, Owner, Scan, Scanned};
pub use shape::TableShape;
pub use snapshot::Snapshot;

pub(crate) use by_key::Readers;
pub(crate) use scan::{is_gone, scan};
pub(crate) use shape::Shapes;

/// What a read found and the state that it shows.
#[derive(Debug, Clone)]
pub struct Found<T> {
    pub data: T,
    pub tx: ddb_core::Tx,
}
