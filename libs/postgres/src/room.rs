use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::space::Space;

/// Kept free: this share of the disk, and at least what PostgreSQL takes at once, which is a new segment of its log or two (16 MB each) and what
/// one group of writes adds. Of a disk so small that this would be much of it, a quarter.
const SHARE: u64 = 20;
const LEAST: u64 = 64 << 20;
const LARGEST_SHARE: u64 = 4;
/// Room is back once so much more is free than was kept, so that it does not come and go with every write.
const MORE: u64 = 5;
/// How long a look at the disk holds. A look takes microseconds; the fastest disk takes up less than is kept in this time.
const HOLDS: Duration = Duration::from_millis(50);

/// Whether a cluster's disk has room to write, so that writes can be refused before PostgreSQL meets its end: PostgreSQL stops when it cannot extend
/// its log, and reads stop with it.
#[derive(Debug)]
pub struct Room {
    data_dir: PathBuf,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    at: Option<Instant>,
    is_low: bool,
}

impl Room {
    /// That of the cluster in a data directory.
    pub fn of(data_dir: &Path) -> Self {
        Self { data_dir: data_dir.to_owned(), seen: Mutex::default() }
    }

    /// What may be called before every write.
    pub fn is_low(&self) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.at.is_none_or(|at| at.elapsed() >= HOLDS) {
            seen.at = Some(Instant::now());
            match Space::of_cluster(&self.data_dir) {
                Ok(space) => self.look(&mut seen, space),
                // What keeps the disk from being looked at will tell writes more.
                Err(error) => tracing::debug!(%error, "ddb cannot measure the free disk space"),
            }
        }
        seen.is_low
    }

    fn look(&self, seen: &mut Seen, space: Space) {
        let (was_low, is_low) = (seen.is_low, is_low(space, seen.is_low));
        seen.is_low = is_low;
        let (path, free_mb, kept_mb) = (self.data_dir.display(), space.free >> 20, kept_free(space.total) >> 20);
        match (was_low, is_low) {
            (false, true) => tracing::error!(%path, free_mb, kept_mb, "the disk is nearly full: ddb refuses writes"),
            (true, false) => tracing::warn!(%path, free_mb, kept_mb, "the disk has room again: ddb accepts writes"),
            (false, false) | (true, true) => {}
        }
    }
}

fn is_low(space: Space, was_low: bool) -> bool {
    let kept = kept_free(space.total);
    space.free < if was_low { kept + kept / MORE } else { kept }
}

pub(crate) fn kept_free(total: u64) -> u64 {
    (total / SHARE).max(LEAST).min(total / LARGEST_SHARE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// Mutants: `<=` for `<`; what is kept is the same while room is low.
    #[test]
    fn a_twentieth_is_kept_and_comes_back_with_a_fifth_more() {
        for (total, kept) in [(100 << 30, 5 << 30), (1280 * MIB, 64 * MIB), (300 * MIB, 64 * MIB), (100 * MIB, 25 * MIB)] {
            let is_low = |free, was_low| is_low(Space { free, total }, was_low);
            assert!(!is_low(kept, false), "{total}");
            assert!(is_low(kept - 1, false), "{total}");
            assert!(is_low(kept + kept / 5 - 1, true), "{total}");
            assert!(!is_low(kept + kept / 5, true), "{total}");
        }
    }

    #[test]
    fn a_place_that_cannot_be_looked_at_refuses_nothing() {
        assert!(!Room::of(Path::new("/nowhere")).is_low());
    }
}
