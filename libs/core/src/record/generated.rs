//! Keys of records whose maker named none.
use rand::RngExt;

use crate::Timestamp;

/// Of a key: digits of the time, then random digits, then a random letter.
const TIME_DIGITS: usize = 10;
const RANDOM_DIGITS: usize = 9;
const LETTERS: u64 = 26;
/// What the random digits and the letter can count: 36⁹ · 26, above 2⁵¹.
const RANDOM_PARTS: u64 = 36u64.pow(RANDOM_DIGITS as u32) * LETTERS;
/// The first key leaves the upper half to those that follow …
const FIRST_BELOW: u64 = RANDOM_PARTS / 2;
/// … each a random step above the one before, so that a million of them fit, and nobody can name the next one.
const STEP: u64 = 1 << 30;

/// The keys that one request or one transaction generates, in ascending order: all have the time of the first; their random part rises by random steps.
///
/// A key has 20 characters of a-z0-9: the milliseconds since 1970 as 10 base-36 digits, so that keys of different requests sort by the time they were
/// made, 9 random digits, and a random letter, so that no key reads as a number.
#[derive(Debug)]
pub struct GeneratedKeys {
    milliseconds: u64,
    random_part: u64,
}

impl GeneratedKeys {
    pub fn at(now: Timestamp) -> Self {
        Self { milliseconds: now.0.max(0).unsigned_abs() / 1000, random_part: rand::rng().random_range(0..FIRST_BELOW) }
    }

    /// The next key, which is a string.
    pub fn next_text(&mut self) -> String {
        let mut key = String::with_capacity(TIME_DIGITS + RANDOM_DIGITS + 1);
        push_base36(&mut key, self.milliseconds, TIME_DIGITS);
        push_base36(&mut key, self.random_part / LETTERS, RANDOM_DIGITS);
        key.push(char::from(b'a' + (self.random_part % LETTERS) as u8));
        self.random_part += rand::rng().random_range(1..=STEP);
        if self.random_part >= RANDOM_PARTS {
            *self = Self::at(Timestamp((self.milliseconds + 1).cast_signed() * 1000));
        }
        key
    }
}

/// The last `digits` base-36 digits of `number`, zeros first.
fn push_base36(out: &mut String, number: u64, digits: usize) {
    let mut rest = number;
    let mut reversed = [0u8; TIME_DIGITS];
    for digit in &mut reversed[..digits] {
        *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % 36) as usize];
        rest /= 36;
    }
    out.extend(reversed[..digits].iter().rev().map(|digit| char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_keys_have_one_time() {
        const { assert!(RANDOM_PARTS - FIRST_BELOW > 1_000_000 * STEP) };
    }

    /// Mutant: `next_text` without its last `if`.
    #[test]
    fn keys_ascend_where_the_random_part_ends() {
        let mut keys = GeneratedKeys { milliseconds: 35, random_part: RANDOM_PARTS - 2 * STEP };
        let mut last = String::new();
        for _ in 0..100 {
            let key = keys.next_text();
            assert!(key > last && key.len() == 20, "{key} follows {last}");
            last = key;
        }
        assert!(last.starts_with("0000000010"), "{last}");
    }
}
