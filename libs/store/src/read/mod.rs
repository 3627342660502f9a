//! Reads from the projections.

mod by_key;
mod field;
mod log_state;
mod scan;
mod shape;
mod snapshot;

pub use field::HadField;
pub use log_state::LogState;
pub use scan::{Bind, Owner, Scan, Scanned};
pub use shape::TableShape;
pub use snapshot::Snapshot;

pub(crate) use by_key::Readers;
pub(crate) use field::had_field;
pub(crate) use log_state::{LogReader, with_expiry};
pub(crate) use scan::{is_gone, scan};
pub(crate) use shape::Shapes;
pub(crate) use snapshot::Asker;

/// What a read found and the state that it shows.
#[derive(Debug, Clone)]
pub struct Found<T> {
    pub data: T,
    pub tx: ddb_core::Tx,
}
