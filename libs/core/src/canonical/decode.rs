use std::collections::BTreeMap;

use super::{NAN, VERSION, tag};
use crate::value::MAX_DEPTH;
use crate::{Bound, Datetime, Decimal, Duration, Geometry, Object, Range, RecordId, RecordKey, TableName, Uuid, Value};

type Read<T> = Result<T, &'static str>;

const NANOSECONDS_PER_SECOND: u32 = 1_000_000_000;

pub(super) fn read(bytes: &[u8]) -> Read<Value> {
    let mut reader = Reader { rest: bytes };
    if reader.byte()? != VERSION {
        return Err("unknown version");
    }
    let value = reader.value(0)?;
    match reader.rest {
        [] => Ok(value),
        _ => Err("bytes after the value"),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// `levels` is how many containers are open around the value.
    fn value(&mut self, levels: usize) -> Read<Value> {
        Ok(match self.byte()? {
            tag::NONE => Value::None,
            tag::NULL => Value::Null,
            tag::FALSE => Value::Bool(false),
            tag::TRUE => Value::Bool(true),
            tag::INT => Value::Int(self.int()?),
            tag::FLOAT => Value::Float(self.float()?),
            tag::DECIMAL => Value::Decimal(self.decimal()?),
            tag::STRING => Value::String(self.text()?.to_owned()),
            tag::DURATION => Value::Duration(Duration { seconds: self.int()?.cast_unsigned(), nanoseconds: self.nanoseconds()? }),
            tag::DATETIME => Value::Datetime(Datetime { seconds: self.int()?, nanoseconds: self.nanoseconds()? }),
            tag::UUID => Value::Uuid(self.uuid()?),
            tag::ARRAY => Value::Array(self.items(levels)?),
            tag::SET => Value::Set(self.members(levels)?),
            tag::OBJECT => Value::Object(self.object(levels)?),
            tag::GEOMETRY => Value::Geometry(self.geometry(levels)?),
            tag::BYTES => Value::Bytes(self.bytes()?.to_vec()),
            tag::TABLE => Value::Table(self.table()?),
            tag::RECORD => Value::from(RecordId { table: self.table()?, key: self.key(levels)? }),
            tag::RANGE => {
                let levels = deeper(levels)?;
                Value::from(Range { begin: self.bound(levels)?, end: self.bound(levels)? })
            }
            _ => return Err("unknown tag"),
        })
    }

    fn key(&mut self, levels: usize) -> Read<RecordKey> {
        Ok(match self.byte()? {
            tag::INT => RecordKey::Int(self.int()?),
            tag::STRING => RecordKey::String(self.text()?.to_owned()),
            tag::UUID => RecordKey::Uuid(self.uuid()?),
            tag::ARRAY => RecordKey::Array(self.items(levels)?),
            tag::OBJECT => RecordKey::Object(self.object(levels)?),
            _ => return Err("unknown tag of a record key"),
        })
    }

    fn items(&mut self, levels: usize) -> Read<Vec<Value>> {
        let levels = deeper(levels)?;
        self.list(|reader| reader.value(levels))
    }

    fn members(&mut self, levels: usize) -> Read<Vec<Value>> {
        let members = self.items(levels)?;
        match members.is_sorted_by(|a, b| a < b) {
            true => Ok(members),
            false => Err("the members of a set are not in order"),
        }
    }

    fn object(&mut self, levels: usize) -> Read<Object> {
        let levels = deeper(levels)?;
        let entries = self.list(|reader| Ok((reader.text()?.to_owned(), reader.value(levels)?)))?;
        match entries.is_sorted_by(|(a, _), (b, _)| a < b) {
            true => Ok(BTreeMap::from_iter(entries)),
            false => Err("the keys of an object are not in order"),
        }
    }

    fn geometry(&mut self, levels: usize) -> Read<Geometry> {
        Ok(match self.byte()? {
            tag::POINT => Geometry::Point(self.position()?),
            tag::LINE => Geometry::Line(self.line()?),
            tag::POLYGON => Geometry::Polygon(self.lines()?),
            tag::MULTI_POINT => Geometry::MultiPoint(self.line()?),
            tag::MULTI_LINE => Geometry::MultiLine(self.lines()?),
            tag::MULTI_POLYGON => Geometry::MultiPolygon(self.list(Self::lines)?),
            tag::COLLECTION => {
                let levels = deeper(levels)?;
                Geometry::Collection(self.list(|reader| reader.geometry(levels))?)
            }
            _ => return Err("unknown kind of geometry"),
        })
    }

    fn lines(&mut self) -> Read<Vec<Vec<(f64, f64)>>> {
        self.list(Self::line)
    }

    fn line(&mut self) -> Read<Vec<(f64, f64)>> {
        self.list(Self::position)
    }

    fn position(&mut self) -> Read<(f64, f64)> {
        Ok((self.float()?, self.float()?))
    }

    fn bound(&mut self, levels: usize) -> Read<Bound> {
        Ok(match self.byte()? {
            tag::UNBOUNDED => Bound::Unbounded,
            tag::INCLUDED => Bound::Included(self.value(levels)?),
            tag::EXCLUDED => Bound::Excluded(self.value(levels)?),
            _ => return Err("unknown kind of bound"),
        })
    }

    /// A count and so many items. Every item has at least one byte, so that a wrong count cannot reserve more than the input deserves.
    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let count = self.length()?;
        if count > self.rest.len() {
            return Err("a count exceeds the bytes");
        }
        (0..count).map(|_| read(self)).collect()
    }

    fn decimal(&mut self) -> Read<Decimal> {
        let negative = match self.byte()? {
            0 => false,
            1 => true,
            _ => return Err("unknown sign of a decimal"),
        };
        let scale = u32::from(self.byte()?);
        let mut coefficient = [0; 16];
        coefficient[4..].copy_from_slice(self.take(12)?);
        crate::decimal::build(u128::from_be_bytes(coefficient), scale, negative).ok_or("the scale of a decimal is at most 28")
    }

    fn float(&mut self) -> Read<f64> {
        let float = f64::from_bits(u64::from_be_bytes(self.array()?));
        match float.is_nan() && float.to_bits() != NAN {
            true => Err("a NaN in another form"),
            false => Ok(float),
        }
    }

    fn nanoseconds(&mut self) -> Read<u32> {
        match u32::from_be_bytes(self.array()?) {
            nanoseconds @ 0..NANOSECONDS_PER_SECOND => Ok(nanoseconds),
            _ => Err("more nanoseconds than a second has"),
        }
    }

    fn uuid(&mut self) -> Read<Uuid> {
        Ok(Uuid::from_bytes(self.array()?))
    }

    fn table(&mut self) -> Read<TableName> {
        TableName::parse(self.text()?).map_err(|_| "not a table name")
    }

    fn int(&mut self) -> Read<i64> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    fn text(&mut self) -> Read<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| "text is not UTF-8")
    }

    fn bytes(&mut self) -> Read<&'a [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    fn length(&mut self) -> Read<usize> {
        usize::try_from(u32::from_be_bytes(self.array()?)).map_err(|_| "a length exceeds the machine")
    }

    fn byte(&mut self) -> Read<u8> {
        Ok(self.array::<1>()?[0])
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| "the bytes end early")
    }

    fn take(&mut self, length: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or("the bytes end early")?;
        self.rest = rest;
        Ok(taken)
    }
}

fn deeper(levels: usize) -> Read<usize> {
    match levels < MAX_DEPTH {
        true => Ok(levels + 1),
        false => Err("too many levels"),
    }
}
