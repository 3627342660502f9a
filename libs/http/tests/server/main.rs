//! The outermost layer over real sockets: what the client sees, whatever the handler does.

mod bodies;
mod errors;
mod headers;
mod shutdown;
mod site;
