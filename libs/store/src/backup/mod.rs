//! One file that holds a database: what can be neither computed from the rest nor made anew.
//!
//! The file is the line `DDB BACKUP 1`, then frames: a kind (1 byte), a length (32 bits, big endian) and so many bytes. `H`: the header, JSON. For
//! each relation `S` (its name and columns, JSON), any number of `D` (a piece of PostgreSQL's binary `COPY`, compressed by itself) and `E` (counts and
//! the SHA-256 of the data). `Z`: the SHA-256 of everything before it, after which nothing follows.

mod check;
mod frame;
mod header;
mod load;
mod progress;
mod projections;
mod read;
mod relations;
mod restore;
mod rows;
mod save;
mod write;

#[cfg(test)]
mod tests;

pub use check::{Checked, check};
pub use frame::is_backup;
pub use header::{Header, SavedNamespace};
pub use progress::Progress;
pub use restore::{Restored, restore};
pub use save::{Saved, save};
