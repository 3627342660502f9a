//! One file for each command.

pub(crate) mod admin;
pub(crate) mod backup;
pub(crate) mod completions;
mod count;
mod database;
pub(crate) mod erasures;
pub(crate) mod keys;
mod progress;
mod proof;
pub(crate) mod rebuild;
mod remote;
pub(crate) mod restore;
mod secret_line;
mod size;
mod spool;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod verify;
