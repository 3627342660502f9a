//! The outermost layer over real sockets: what the client sees, whatever the handler does.

mod bodies;
mod connections;
mod cors;
mod errors;
mod frames;
mod headers;
mod http2;
mod keep_alive;
mod shutdown;
mod site;
mod tls;
