//! Reads from the projections.

mod by_key;
mod scan;
mod shape;
mod snapshot;
mod state;

pub use scan::{Bind, Owner, Scan, Scanned};
pub use shape::TableShape;
pub use snapshot::Snapshot;
pub use state::TableState;

pub(crate) use by_key::Readers;
pub(crate) use scan::{is_gone, scan};
pub(crate) use shape::Shapes;
pub(crate) use state::TableStates;

/// What a read found and the state that it shows.
#[derive(Debug, Clone)]
pub struct Found<T> {
    pub data: T,
    pub tx: ddb_core::Tx,
}
