//! Events between processes: local within one, NATS between several.

/// Cheap to clone.
#[derive(Clone)]
pub enum Bus {
    Local,
    Nats,
}
