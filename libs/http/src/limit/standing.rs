use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::limiter::BURST_SECONDS;
use super::rate::Rate;
use super::rates::RateLimits;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// How a caller stands: what the headers `RateLimit-*` say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Requests at once.
    pub(super) limit: u64,
    /// Those of them that are left.
    pub(super) remaining: u64,
    /// Seconds until all of them are.
    pub(super) reset: u64,
}

impl Standing {
    /// Where nothing limits the caller: as the largest rate that can be set would be, always full. So clients find the headers in every answer.
    pub(crate) const UNLIMITED: Self = {
        let most = RateLimits::MOST as u64 * BURST_SECONDS;
        Self { limit: most, remaining: most, reset: 0 }
    };

    /// After a token was taken: the bucket is full again at `tat`.
    pub(super) fn after(rate: Rate, tat: u64, now: u64) -> Self {
        let owed = tat.saturating_sub(now);
        let remaining = rate.burst.saturating_sub(owed.div_ceil(rate.period));
        Self { limit: rate.burst, remaining, reset: seconds(owed) }
    }

    /// Where there was none, and `wait` until there is one.
    pub(super) fn empty(rate: Rate, wait: u64) -> Self {
        Self { limit: rate.burst, remaining: 0, reset: seconds(wait + (rate.burst - 1) * rate.period) }
    }

    pub(crate) fn write(self, headers: &mut HeaderMap) {
        for (name, number) in [(LIMIT, self.limit), (REMAINING, self.remaining), (RESET, self.reset)] {
            headers.insert(name, HeaderValue::from(number));
        }
    }
}

/// Rounded up: a client that comes back then finds what was promised.
fn seconds(microseconds: u64) -> u64 {
    microseconds.div_ceil(1_000_000)
}
