/// A token bucket, as the generic cell rate algorithm has it (ITU-T I.371): `burst` at once, then one each `period`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub(super) burst: u64,
    /// Microseconds.
    pub(super) period: u64,
}

impl Rate {
    pub const fn new(burst: u64, period_seconds: u64) -> Self {
        Self { burst, period: period_seconds * 1_000_000 }
    }

    /// `number` at once, and as many again in an hour.
    pub fn per_hour(number: u64) -> Self {
        Self { burst: number, period: (3_600_000_000 / number).max(1) }
    }

    /// `number` each second, and at once as many as in `seconds`.
    pub const fn per_second(number: u64, seconds: u64) -> Self {
        let period = 1_000_000 / number;
        Self { burst: number * seconds, period: if period == 0 { 1 } else { period } }
    }

    /// Where `tat` (the theoretical arrival time: when the bucket is full again) moves by taking a token at `now`; the microseconds to wait where there
    /// is none.
    pub(super) fn take(self, tat: u64, now: u64) -> Result<u64, u64> {
        let next = tat.max(now) + self.period;
        match next.saturating_sub(now + self.burst * self.period) {
            0 => Ok(next),
            wait => Err(wait),
        }
    }
}
