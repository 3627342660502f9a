/// A token bucket, as the generic cell rate algorithm has it (ITU-T I.371): `burst` at once, then one each `period`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) burst: u64,
    /// Milliseconds.
    pub(crate) period: u64,
}

impl Rate {
    pub(crate) const fn new(burst: u64, period_seconds: u64) -> Self {
        Self { burst, period: period_seconds * 1000 }
    }

    /// `number` at once, and as many again in an hour.
    pub(crate) fn per_hour(number: u64) -> Self {
        Self { burst: number, period: (3_600_000 / number).max(1) }
    }

    /// Where `tat` (the theoretical arrival time: when the bucket is full again) moves by taking a token at `now`; the milliseconds to wait where there is none.
    pub(super) fn take(self, tat: u64, now: u64) -> Result<u64, u64> {
        let next = tat.max(now) + self.period;
        match next.saturating_sub(now + self.burst * self.period) {
            0 => Ok(next),
            wait => Err(wait),
        }
    }
}
