//! Servers elsewhere, as a client sees them.

mod server;
mod tls;

pub use server::Upstream;
