//! ULIDs: 48 bits of milliseconds since 1970 and 80 of chance, as 26 characters of Crockford's base 32.
use ddb_core::Datetime;

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

pub(super) fn make(time: Datetime) -> String {
    let milliseconds =
        (i128::from(time.seconds) * 1_000 + i128::from(time.nanoseconds / 1_000_000)).clamp(0, (1 << 48) - 1) as u128;
    let number = milliseconds << 80 | (rand::random::<u128>() >> 48);
    (0..26).rev().map(|place| char::from(DIGITS[(number >> (place * 5) & 31) as usize])).collect()
}

/// The time of a ULID; None for other text.
pub(super) fn milliseconds(text: &str) -> Option<u64> {
    if text.len() != 26 || text.as_bytes()[0] > b'7' {
        return None;
    }
    let digit = |byte: u8| DIGITS.iter().position(|digit| *digit == byte.to_ascii_uppercase());
    let digits: Option<Vec<usize>> = text.bytes().map(digit).collect();
    Some(digits?.iter().take(10).fold(0, |number, digit| number << 5 | *digit as u64))
}
