use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::rate::Rate;

const CELLS: usize = 7;

/// Token buckets by key in a fixed amount of memory, 128 bytes for seven of them.
///
/// A key has its place in one set of seven cells, chosen by a hash that nobody outside can compute. Where they are all in use, the one nearest to full
/// gives way, and what it owed becomes the set's floor, from which every newcomer of the set starts. Each set has a lock of its own, so that
/// callers hardly ever meet.
///
/// Invariant: a key never has more tokens than it would have in a table without bounds: flooding cannot wash away what somebody owes. The price
/// is that a newcomer of a flooded set may find fewer.
pub struct Table {
    hasher: RandomState,
    sets: Box<[Mutex<Set>]>,
}

#[derive(Clone, Copy, Default)]
struct Set {
    /// The latest time at which a cell that gave way would have been full again.
    floor: u64,
    cells: [Cell; CELLS],
}

#[derive(Clone, Copy, Default)]
struct Cell {
    fingerprint: u64,
    /// When the bucket is full again, in microseconds; until then the cell is in use.
    tat: u64,
}

impl Table {
    /// For seven times as many keys at a time as there are sets.
    pub fn new(sets: usize) -> Self {
        Self { hasher: RandomState::new(), sets: (0..sets.max(1)).map(|_| Mutex::default()).collect() }
    }

    /// Takes a token of a bucket of this rate: when the bucket is full again; where there is none, how long to wait. Both in microseconds, as is `now`,
    /// which does not go back.
    pub fn take(&self, key: &impl Hash, rate: Rate, now: u64) -> Result<u64, u64> {
        let (fingerprint, mut set) = self.set_of(key);
        let known = set.cells.iter().position(|cell| cell.fingerprint == fingerprint);
        let tat = known.map_or(set.floor, |position| set.cells[position].tat);
        let tat = rate.take(tat, now)?;
        let position = known.unwrap_or_else(|| set.nearest_to_full());
        if known.is_none() && set.cells[position].tat > now {
            set.floor = set.floor.max(set.cells[position].tat);
        }
        set.cells[position] = Cell { fingerprint, tat };
        Ok(tat)
    }

    /// Puts back a token that was taken and then not used.
    pub fn give_back(&self, key: &impl Hash, rate: Rate) {
        let (fingerprint, mut set) = self.set_of(key);
        if let Some(cell) = set.cells.iter_mut().find(|cell| cell.fingerprint == fingerprint) {
            cell.tat = cell.tat.saturating_sub(rate.period);
        }
    }

    fn set_of(&self, key: &impl Hash) -> (u64, MutexGuard<'_, Set>) {
        let fingerprint = self.hasher.hash_one(key);
        let set = &self.sets[fingerprint as usize % self.sets.len()];
        (fingerprint, set.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Set {
    fn nearest_to_full(&self) -> usize {
        let mut nearest = 0;
        for position in 1..CELLS {
            if self.cells[position].tat < self.cells[nearest].tat {
                nearest = position;
            }
        }
        nearest
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate::new(3, 10);
    const SETS: usize = 2048;
    const SECOND: u64 = 1_000_000;

    #[test]
    fn a_burst_then_one_each_period() {
        let table = Table::new(SETS);
        let mut taken = Vec::new();
        for second in 0..60 {
            if table.take(&"a", RATE, second * SECOND).is_ok() {
                taken.push(second);
            }
        }
        assert_eq!(taken, [0, 1, 2, 10, 20, 30, 40, 50]);
        assert_eq!(table.take(&"a", RATE, 60 * SECOND), Ok(90 * SECOND));
        assert_eq!(table.take(&"a", RATE, 60 * SECOND + 1), Err(10 * SECOND - 1));
        assert_eq!(table.take(&"b", RATE, 60 * SECOND), Ok(70 * SECOND));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let table = Table::new(SETS);
        for now in 0..100 {
            assert!(table.take(&"a", RATE, now).is_ok());
            table.give_back(&"a", RATE);
        }
    }

    /// THREATS 14. Mutant: `floor` stays 0.
    #[test]
    fn flooding_washes_nothing_away() {
        let table = Table::new(SETS);
        for _ in 0..3 {
            table.take(&"offender", RATE, 0).expect("within the burst");
        }
        for flood in 0..100_000 {
            // They owe as much, so that the offender is the next to give way.
            for _ in 0..3 {
                let _ = table.take(&format!("random{flood}"), RATE, 1);
            }
        }
        assert!(table.take(&"offender", RATE, 2).is_err());
        // And an innocent newcomer is let in all the same once a token's time has passed.
        assert!(table.take(&"victim", RATE, 30 * SECOND + 1).is_ok());
    }

    #[derive(Debug, Clone)]
    enum Step {
        Take(u16),
        GiveBack(u16),
        Wait(u16),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![6 => (0_u16..400).prop_map(Step::Take), 1 => (0_u16..400).prop_map(Step::GiveBack), 1 => any::<u16>().prop_map(Step::Wait)]
    }

    proptest! {
        /// Against a table without bounds. All keys fall into one set here, so that cells give way all the time.
        #[test]
        fn nobody_has_more_tokens_than_without_bounds(steps in prop::collection::vec(step(), 0..400)) {
            let table = Table::new(SETS);
            let set_of = |table: &Table, key: u16| table.hasher.hash_one(key) as usize % SETS;
            let keys: Vec<u16> = (0..u16::MAX).filter(|key| set_of(&table, *key) == 0).take(30).collect();
            let mut unbounded: HashMap<u16, u64> = HashMap::new();
            let mut owed: HashMap<u16, u32> = HashMap::new();
            let mut now = 0;
            for step in steps {
                match step {
                    Step::Wait(time) => now += u64::from(time) * 1000,
                    Step::Take(key) => {
                        let key = keys[key as usize % keys.len()];
                        let tat = unbounded.entry(key).or_default();
                        let taken = table.take(&key, RATE, now);
                        match RATE.take(*tat, now) {
                            Ok(next) if taken.is_ok() => {
                                *tat = next;
                                *owed.entry(key).or_default() += 1;
                            }
                            Ok(_) => {}
                            Err(_) => prop_assert!(taken.is_err(), "the bounded table gave a token too many"),
                        }
                    }
                    // Only what was taken is given back.
                    Step::GiveBack(key) => {
                        let key = keys[key as usize % keys.len()];
                        if let Some(count) = owed.get_mut(&key).filter(|count| **count > 0) {
                            *count -= 1;
                            let tat = unbounded.entry(key).or_default();
                            *tat = tat.saturating_sub(RATE.period);
                            table.give_back(&key, RATE);
                        }
                    }
                }
            }
        }
    }
}
