use std::time::Duration;

/// What a connection waits for its client. Tests take less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionTimes {
    /// The first request's headers, from when the connection is made, and every later one's, from their first byte.
    pub headers: Duration,
    /// The next request. Longer than proxies keep their connections (60 s at most of them): who closes first must not be the one who cannot know
    /// that a request is on its way.
    pub idle: Duration,
    /// A client that reads nothing of its answer.
    pub unread: Duration,
    /// How often a connection of HTTP/2 is asked whether its client is still there, and how long that may take to answer.
    pub ping_every: Duration,
    pub pong_within: Duration,
}

impl ConnectionTimes {
    pub const DEFAULT: Self = Self {
        headers: Duration::from_secs(10),
        idle: Duration::from_secs(75),
        unread: Duration::from_secs(20),
        ping_every: Duration::from_secs(30),
        pong_within: Duration::from_secs(10),
    };
}
