//! TLS: the certificate and its key from files, read anew when they change, and handshakes.

mod certificate;
mod handshake;
mod validity;
mod watch;

pub use certificate::TlsFiles;
pub use watch::Tls;
