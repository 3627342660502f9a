//! One file for each command.

pub(crate) mod admin;
pub(crate) mod completions;
mod database;
pub(crate) mod keys;
mod proof;
pub(crate) mod rebuild;
mod remote;
mod secret_line;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod verify;
