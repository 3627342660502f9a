//! Durations as the language writes them: `1h30m`.
use std::fmt;

use super::Duration;
use crate::{Error, Result};

const NANOSECONDS_PER_SECOND: u128 = 1_000_000_000;
const FORM: &str = "a duration has the form `1h30m`, of the units y w d h m s ms us ns";
/// Largest first; a year has 365 days.
const UNITS: [(&str, u128); 9] = [
    ("y", 365 * 86_400 * NANOSECONDS_PER_SECOND),
    ("w", 7 * 86_400 * NANOSECONDS_PER_SECOND),
    ("d", 86_400 * NANOSECONDS_PER_SECOND),
    ("h", 3_600 * NANOSECONDS_PER_SECOND),
    ("m", 60 * NANOSECONDS_PER_SECOND),
    ("s", NANOSECONDS_PER_SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl Duration {
    /// Numbers with units (ns us µs ms s m h d w y), summed. 400 where the text has another form or the sum exceeds 2^64 seconds.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::bad_request(FORM));
        }
        let mut total = 0u128;
        let mut rest = text;
        while !rest.is_empty() {
            let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
            let (unit, after) = after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
            let size = size(unit).filter(|_| !number.is_empty()).ok_or_else(|| Error::bad_request(FORM))?;
            total = number
                .parse::<u128>()
                .ok()
                .and_then(|number| number.checked_mul(size)?.checked_add(total))
                .ok_or_else(too_long)?;
            rest = after;
        }
        Self::from_nanoseconds(total).ok_or_else(too_long)
    }

    /// None above 2^64 seconds.
    pub fn from_nanoseconds(nanoseconds: u128) -> Option<Self> {
        let seconds = u64::try_from(nanoseconds / NANOSECONDS_PER_SECOND).ok()?;
        Some(Self { seconds, nanoseconds: (nanoseconds % NANOSECONDS_PER_SECOND) as u32 })
    }

    pub fn as_nanoseconds(self) -> u128 {
        u128::from(self.seconds) * NANOSECONDS_PER_SECOND + u128::from(self.nanoseconds)
    }
}

fn size(unit: &str) -> Option<u128> {
    let unit = if matches!(unit, "µs" | "μs") { "us" } else { unit };
    UNITS.iter().find(|(name, _)| *name == unit).map(|(_, size)| *size)
}

fn too_long() -> Error {
    Error::bad_request("the duration is too long")
}

/// From the largest unit to the smallest, without zeros: `1y2w3d4h5m6s7ms8us9ns`; `0ns` where there is nothing.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.as_nanoseconds();
        if rest == 0 {
            return f.write_str("0ns");
        }
        for (name, size) in UNITS {
            if rest >= size {
                write!(f, "{}{name}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}
