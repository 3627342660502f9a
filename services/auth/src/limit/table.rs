use std::hash::{BuildHasher, Hash, RandomState};

use super::rate::Rate;

/// With 7 cells each: 14,336 buckets in 240 KB, of which the system gives memory only to those that are used.
const SETS: usize = 2048;
const CELLS: usize = 7;

/// Token buckets by key in a fixed amount of memory.
///
/// A key has its place in one set of seven cells, chosen by a hash that nobody outside can compute. Where they are all in use, the one nearest to full
/// gives way, and what it owed becomes the set's floor, from which every newcomer of the set starts.
///
/// Invariant: a key never has more tokens than it would have in a table without bounds: flooding cannot wash away what somebody owes. The price
/// is that a newcomer of a flooded set may find fewer.
pub(super) struct Table {
    rate: Rate,
    hasher: RandomState,
    sets: Vec<Set>,
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
    /// When the bucket is full again, in milliseconds; until then the cell is in use.
    tat: u64,
}

impl Table {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, hasher: RandomState::new(), sets: vec![Set::default(); SETS] }
    }

    /// Takes a token; the milliseconds to wait where there is none. `now` does not go back.
    pub(super) fn take(&mut self, key: &impl Hash, now: u64) -> Result<(), u64> {
        let fingerprint = self.hasher.hash_one(key);
        let set = &mut self.sets[fingerprint as usize % SETS];
        let known = set.cells.iter().position(|cell| cell.fingerprint == fingerprint);
        let tat = known.map_or(set.floor, |position| set.cells[position].tat);
        let tat = self.rate.take(tat, now)?;
        let position = known.unwrap_or_else(|| set.nearest_to_full());
        if known.is_none() && set.cells[position].tat > now {
            set.floor = set.floor.max(set.cells[position].tat);
        }
        set.cells[position] = Cell { fingerprint, tat };
        Ok(())
    }

    /// Puts back a token that was taken and then not used.
    pub(super) fn give_back(&mut self, key: &impl Hash) {
        let fingerprint = self.hasher.hash_one(key);
        let set = &mut self.sets[fingerprint as usize % SETS];
        if let Some(cell) = set.cells.iter_mut().find(|cell| cell.fingerprint == fingerprint) {
            cell.tat = cell.tat.saturating_sub(self.rate.period);
        }
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

    #[test]
    fn a_burst_then_one_each_period() {
        let mut table = Table::new(RATE);
        let mut taken = Vec::new();
        for now in (0..60_000).step_by(1000) {
            if table.take(&"a", now).is_ok() {
                taken.push(now / 1000);
            }
        }
        assert_eq!(taken, [0, 1, 2, 10, 20, 30, 40, 50]);
        assert_eq!(table.take(&"a", 60_000), Ok(()));
        assert_eq!(table.take(&"a", 60_001), Err(9_999));
        assert_eq!(table.take(&"b", 60_001), Ok(()));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let mut table = Table::new(RATE);
        for now in 0..100 {
            assert_eq!(table.take(&"a", now), Ok(()));
            table.give_back(&"a");
        }
    }

    /// THREATS 14. Mutant: `floor` stays 0.
    #[test]
    fn flooding_washes_nothing_away() {
        let mut table = Table::new(RATE);
        for _ in 0..3 {
            table.take(&"offender", 0).expect("within the burst");
        }
        for flood in 0..100_000 {
            let _ = table.take(&format!("random{flood}"), 1);
        }
        assert!(table.take(&"offender", 2).is_err());
        // And an innocent newcomer is let in all the same once a token's time has passed.
        assert!(table.take(&"victim", 30_001).is_ok());
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
            let mut table = Table::new(RATE);
            table.sets = vec![Set::default(); SETS];
            let set_of = |table: &Table, key: u16| table.hasher.hash_one(key) as usize % SETS;
            let keys: Vec<u16> = (0..u16::MAX).filter(|key| set_of(&table, *key) == 0).take(30).collect();
            let mut unbounded: HashMap<u16, u64> = HashMap::new();
            let mut owed: HashMap<u16, u32> = HashMap::new();
            let mut now = 0;
            for step in steps {
                match step {
                    Step::Wait(time) => now += u64::from(time),
                    Step::Take(key) => {
                        let key = keys[key as usize % keys.len()];
                        let tat = unbounded.entry(key).or_default();
                        let taken = table.take(&key, now);
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
                            table.give_back(&key);
                        }
                    }
                }
            }
        }
    }
}
