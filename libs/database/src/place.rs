//! A place in an order as bytes: the parts, each with its kind and length, then the sort key of the record's key.

use ddb_core::{Error, ErrorCode, Result};
use ddb_engine::plan::{Position, PositionPart};

const INT: u8 = 0;
const KEY: u8 = 1;
/// A cursor travels in a URL.
const MAX_BYTES: usize = 6_000;

pub(crate) fn encode(place: &Position) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(64);
    bytes.extend_from_slice(&(place.parts.len() as u32).to_be_bytes());
    for part in &place.parts {
        match part {
            PositionPart::Int(int) => {
                bytes.push(INT);
                bytes.extend_from_slice(&int.to_be_bytes());
            }
            PositionPart::Key(key) => {
                bytes.push(KEY);
                bytes.extend_from_slice(&(key.len() as u32).to_be_bytes());
                bytes.extend_from_slice(key);
            }
        }
    }
    bytes.extend_from_slice(&place.key);
    if bytes.len() > MAX_BYTES {
        return Err(Error::new(ErrorCode::QueryLimit, "the values that the list is ordered by are too long for a cursor"));
    }
    Ok(bytes)
}

pub(crate) fn decode(bytes: &[u8]) -> Option<Position> {
    let (count, mut rest) = bytes.split_first_chunk::<4>()?;
    let mut parts = Vec::new();
    for _ in 0..u32::from_be_bytes(*count) {
        let (kind, after) = rest.split_first()?;
        match *kind {
            INT => {
                let (int, after) = after.split_first_chunk::<8>()?;
                parts.push(PositionPart::Int(i64::from_be_bytes(*int)));
                rest = after;
            }
            KEY => {
                let (length, after) = after.split_first_chunk::<4>()?;
                let (key, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
                parts.push(PositionPart::Key(key.to_vec()));
                rest = after;
            }
            _ => return None,
        }
    }
    Some(Position { parts, key: rest.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_and_nothing_else_is() {
        let place = Position { parts: vec![PositionPart::Int(-3), PositionPart::Key(vec![1, 0, 255])], key: vec![7, 8] };
        let bytes = encode(&place).expect("short enough");
        assert_eq!(decode(&bytes), Some(place));
        for length in 0..bytes.len() - 2 {
            assert_eq!(decode(&bytes[..length]), None, "{length}");
        }
        assert!(encode(&Position { parts: vec![PositionPart::Key(vec![0; MAX_BYTES])], key: Vec::new() }).is_err());
    }
}
