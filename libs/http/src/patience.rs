use std::time::Duration;

/// Bytes that a client must take on average, beyond what it may wait.
const BYTES_PER_SECOND: u32 = 4096;

/// How long a client may read nothing: waiting takes from it, and what is read fills it again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    whole: Duration,
    left: Duration,
}

impl Patience {
    pub(crate) fn new(whole: Duration) -> Self {
        Self { whole, left: whole }
    }

    pub(crate) fn left(&self) -> Duration {
        self.left
    }

    pub(crate) fn read(&mut self, bytes: usize, waited: Duration) {
        let filled = Duration::from_secs_f64(bytes as f64 / f64::from(BYTES_PER_SECOND));
        self.left = (self.left.saturating_sub(waited) + filled).min(self.whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mutants: what was read fills the patience whole, however little it was; it is not filled at all.
    #[test]
    fn a_little_now_and_then_uses_the_patience_up_and_going_on_reading_does_not() {
        for (bytes, every, ends) in
            [(100, 5, true), (4000, 1, true), (4096, 1, false), (64 * 1024, 15, false), (1 << 20, 19, false)]
        {
            let mut patience = Patience::new(Duration::from_secs(20));
            let mut seconds = 0;
            while patience.left() > Duration::from_secs(every) && seconds < 10_000 {
                patience.read(bytes, Duration::from_secs(every));
                seconds += every;
            }
            assert_eq!(seconds < 10_000, ends, "{bytes} bytes every {every} s");
        }
    }
}
