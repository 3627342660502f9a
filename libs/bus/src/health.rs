use std::time::Instant;

/// Whether messages pass, as far as this process knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    pub connected: bool,
    /// Since when it is so.
    pub since: Instant,
}
