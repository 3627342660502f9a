//! Limits over real sockets: how often somebody may ask, from where he is taken to come, and what one client can do to another.

mod change;
mod connections;
mod proxies;
mod rates;
