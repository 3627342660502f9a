use std::hash::BuildHasher;
use std::hash::RandomState;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long something that was read is trusted without word that nothing has changed. Below the second that is promised, so that the
/// request that uses it has time.
const UNHEARD: Duration = Duration::from_millis(900);
const SLOTS: usize = 4096;

/// Whether what was read from PostgreSQL may still be used.
///
/// Each account has a generation (shared with others that fall into the same slot, which costs those a read and nothing else). Whoever reads
/// notes it **before** the read, and whoever hears a revocation raises it: what was read before, or while it came, no longer holds.
pub(super) struct Trust {
    begin: Instant,
    hasher: RandomState,
    generations: Box<[AtomicU64]>,
    /// Milliseconds since `begin` until which every revocation that was committed is known to be heard.
    heard_until: AtomicU64,
}

/// The moment of a read, taken before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    slot: usize,
    generation: u64,
    at: u64,
}

impl Trust {
    pub(super) fn new() -> Self {
        let generations = (0..SLOTS).map(|_| AtomicU64::new(0)).collect();
        Self { begin: Instant::now(), hasher: RandomState::new(), generations, heard_until: AtomicU64::new(0) }
    }

    pub(super) fn mark(&self, account: &str) -> Mark {
        let slot = self.slot(account);
        Mark { slot, generation: self.generations[slot].load(Ordering::Acquire), at: self.now() }
    }

    pub(super) fn holds(&self, mark: &Mark) -> bool {
        let now = self.now();
        self.generations[mark.slot].load(Ordering::Acquire) == mark.generation
            && (now < self.heard_until.load(Ordering::Acquire) || now < mark.at + UNHEARD.as_millis() as u64)
    }

    pub(super) fn forget(&self, account: &str) {
        self.generations[self.slot(account)].fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn forget_everything(&self) {
        for generation in &self.generations {
            generation.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Milliseconds since this process began to count.
    pub(super) fn now(&self) -> u64 {
        self.begin.elapsed().as_millis() as u64
    }

    /// Everything committed until `sent` has been heard, because a heartbeat sent then was answered.
    pub(super) fn heard(&self, sent: u64) {
        self.heard_until.store(sent + UNHEARD.as_millis() as u64, Ordering::Release);
    }

    /// Nothing is heard any more.
    pub(super) fn deaf(&self) {
        self.heard_until.store(0, Ordering::Release);
    }

    fn slot(&self, account: &str) -> usize {
        self.hasher.hash_one(account) as usize % SLOTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mutant: `forget` raises nothing.
    #[test]
    fn a_revocation_ends_what_was_read_before_it() {
        let trust = Trust::new();
        trust.heard(trust.now());
        let mark = trust.mark("a");
        assert!(trust.holds(&mark));
        trust.forget("a");
        assert!(!trust.holds(&mark));
        assert!(trust.holds(&trust.mark("a")));
    }

    /// The revocation comes between the mark and the moment the answer of the read arrives. Mutant: the mark is taken after the read.
    #[test]
    fn a_revocation_during_the_read_ends_it_too() {
        let trust = Trust::new();
        trust.heard(trust.now());
        let mark = trust.mark("a");
        trust.forget_everything();
        assert!(!trust.holds(&mark));
    }

    /// Mutant: `holds` does not look at the age.
    #[test]
    fn without_word_what_was_read_is_trusted_for_less_than_a_second() {
        let trust = Trust { begin: Instant::now() - UNHEARD, ..Trust::new() };
        let mark = trust.mark("a");
        assert!(trust.holds(&mark));
        let old = Mark { at: 0, ..mark };
        assert!(!trust.holds(&old));
        trust.heard(trust.now());
        assert!(trust.holds(&old));
        trust.deaf();
        assert!(!trust.holds(&old));
    }
}
