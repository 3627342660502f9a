mod calendar;
mod datetime;
mod duration;

/// A point in time to the nanosecond, in UTC. Leap seconds are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Datetime {
    /// Since 1970-01-01T00:00:00Z; may be negative.
    pub seconds: i64,
    /// Below 1,000,000,000.
    pub nanoseconds: u32,
}

/// A length of time to the nanosecond; never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    pub seconds: u64,
    /// Below 1,000,000,000.
    pub nanoseconds: u32,
}
