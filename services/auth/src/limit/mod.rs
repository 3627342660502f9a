//! How often somebody may try. See "Limits" in the crate's documentation.

mod attempts;
mod rate;
mod table;

pub(crate) use attempts::{Attempt, Attempts, Permission};
