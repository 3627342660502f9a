//! The rows of PostgreSQL's binary `COPY`, looked at as they pass: PostgreSQL would take the memory that a length asks for.

use ddb_core::Result;

use super::frame::damaged;
use crate::binary_copy::START;

/// Bytes of one field, at most. A record has 1 MB; stored forms of its values are not much longer.
const MAX_FIELD: i32 = 16 << 20;

/// Where in the stream the next byte stands.
enum Place {
    Start,
    Row,
    /// So many fields of the row are still to come.
    Field(i16),
    /// So many bytes of a field, and then so many fields.
    Value(usize, i16),
    End,
}

/// Follows one stream, in pieces of any size.
pub(super) struct Rows {
    columns: i16,
    place: Place,
    /// The beginning of what is not complete yet.
    partial: Vec<u8>,
    count: u64,
}

impl Rows {
    pub(super) fn of(columns: usize) -> Self {
        Self { columns: columns as i16, place: Place::Start, partial: Vec::with_capacity(START.len()), count: 0 }
    }

    pub(super) fn follow(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            match self.place {
                Place::Value(left, fields) => {
                    let taken = left.min(bytes.len());
                    bytes = &bytes[taken..];
                    self.place = if taken < left { Place::Value(left - taken, fields) } else { self.after_field(fields) };
                }
                Place::End => return Err(damaged("there is data after the last row")),
                Place::Start | Place::Row | Place::Field(_) => {
                    let missing = self.needed() - self.partial.len();
                    let taken = missing.min(bytes.len());
                    self.partial.extend_from_slice(&bytes[..taken]);
                    bytes = &bytes[taken..];
                    if taken == missing {
                        self.step()?;
                        self.partial.clear();
                    }
                }
            }
        }
        Ok(())
    }

    /// The stream must be complete. Gives the number of rows.
    pub(super) fn finish(&self) -> Result<u64> {
        match self.place {
            Place::End => Ok(self.count),
            Place::Start | Place::Row | Place::Field(_) | Place::Value(..) => Err(damaged("the rows have no end")),
        }
    }

    fn needed(&self) -> usize {
        match self.place {
            Place::Start => START.len(),
            Place::Row => 2,
            Place::Field(_) | Place::Value(..) | Place::End => 4,
        }
    }

    fn step(&mut self) -> Result<()> {
        self.place = match (&self.place, self.partial.as_slice()) {
            (Place::Start, start) if start == START => Place::Row,
            (Place::Row, &[a, b]) => match i16::from_be_bytes([a, b]) {
                -1 => Place::End,
                fields if fields == self.columns => Place::Field(fields),
                fields => return Err(damaged(format!("a row has {fields} fields and not {}", self.columns))),
            },
            (Place::Field(fields), &[a, b, c, d]) => match i32::from_be_bytes([a, b, c, d]) {
                // Null, and the empty value.
                -1 | 0 => self.after_field(fields - 1),
                length @ 1..=MAX_FIELD => Place::Value(length as usize, fields - 1),
                length => return Err(damaged(format!("a value has {length} bytes"))),
            },
            _ => return Err(damaged("rows do not begin as PostgreSQL writes them")),
        };
        Ok(())
    }

    fn after_field(&mut self, fields: i16) -> Place {
        if fields > 0 {
            return Place::Field(fields);
        }
        self.count += 1;
        Place::Row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(rows: &[&[Option<&[u8]>]]) -> Vec<u8> {
        let mut bytes = START.to_vec();
        for row in rows {
            bytes.extend((row.len() as i16).to_be_bytes());
            for field in *row {
                bytes.extend(field.map_or(-1, |value| value.len() as i32).to_be_bytes());
                bytes.extend(field.unwrap_or_default());
            }
        }
        bytes.extend((-1_i16).to_be_bytes());
        bytes
    }

    fn follow(columns: usize, bytes: &[u8], piece: usize) -> Result<u64> {
        let mut rows = Rows::of(columns);
        for piece in bytes.chunks(piece) {
            rows.follow(piece)?;
        }
        rows.finish()
    }

    #[test]
    fn rows_are_counted_in_pieces_of_any_size() {
        let bytes = stream(&[&[Some(b"one"), None], &[Some(b""), Some(b"x")], &[None, None]]);
        for piece in 1..=bytes.len() {
            assert_eq!(follow(2, &bytes, piece).expect("rows"), 3, "{piece}");
        }
    }

    #[test]
    fn what_postgresql_would_not_write_is_refused() {
        let good = stream(&[&[Some(b"one"), None]]);
        assert!(follow(3, &good, 7).is_err(), "another number of columns");
        for length in 0..good.len() {
            assert!(follow(2, &good[..length], 7).is_err(), "cut at {length}");
        }
        assert!(follow(2, &[good.as_slice(), b"x"].concat(), 7).is_err(), "something at the end");
        for length in [-2, i32::MIN, MAX_FIELD + 1, i32::MAX] {
            let mut huge = good.clone();
            huge[21..25].copy_from_slice(&length.to_be_bytes());
            assert!(follow(2, &huge, 7).is_err(), "{length}");
        }
        let mut flagged = good;
        flagged[12] = 1;
        assert!(follow(2, &flagged, 7).is_err(), "flags");
    }
}
