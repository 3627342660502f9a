//! What is no proper request gets a whole error envelope, changes nothing, and leaves the process alive.

mod bodies;
mod connections;
mod headers;
mod paths;
mod quiet;
