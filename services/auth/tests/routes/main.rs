//! The routes as their callers see them, over a real PostgreSQL. Folders mirror URLs.

#[path = "../harness/mod.rs"]
mod harness;

mod auth;
mod well_known;
