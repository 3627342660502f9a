//! A record's key. Strings, uuids, arrays and objects are written as the values they hold; ints are shorter than numbers.
//!
//! Only here a sort key is read back. It tells a number's value but not its kind, so keys hold numbers in one form only
//! ([`RecordKey::from_value`]).
use super::{END, ESCAPE, ESCAPED_NUL, ITEM, TEXT_END, number, write_bytes, write_int, write_items, write_object};
use crate::number::{Number, normal};
use crate::value::{MAX_DEPTH, ranks};
use crate::{Datetime, Duration, Object, RecordId, RecordKey, TableName, Uuid, Value};

/// Frozen: the ranks of the same kinds of value, except that ints have one below them for their own form.
const INT: u8 = 0x24;
const NANOSECONDS_PER_SECOND: u32 = 1_000_000_000;

pub(super) fn write(key: &RecordKey, out: &mut Vec<u8>) {
    match key {
        RecordKey::Int(int) => {
            out.push(INT);
            write_int(*int, out);
        }
        RecordKey::String(text) => {
            out.push(ranks::STRING);
            write_bytes(text.as_bytes(), out);
        }
        RecordKey::Uuid(uuid) => {
            out.push(ranks::UUID);
            out.extend_from_slice(uuid.as_bytes());
        }
        RecordKey::Array(items) => {
            out.push(ranks::ARRAY);
            write_items(items, out);
        }
        RecordKey::Object(object) => {
            out.push(ranks::OBJECT);
            write_object(object, out);
        }
    }
}

pub(super) fn read(bytes: &[u8]) -> Option<RecordKey> {
    // What every read of a record meets, by the shortest way.
    match bytes {
        [INT, body @ ..] => return Some(RecordKey::Int((u64::from_be_bytes(body.try_into().ok()?) ^ (1 << 63)).cast_signed())),
        [ranks::STRING, body @ ..] => {
            return match take_bytes(body)? {
                (text, []) => String::from_utf8(text).ok().map(RecordKey::String),
                _ => None,
            };
        }
        _ => {}
    }
    let mut reader = Reader { rest: bytes };
    let key = reader.key(0)?;
    if !reader.rest.is_empty() {
        return None;
    }
    if matches!(key, RecordKey::Array(_) | RecordKey::Object(_)) {
        // Sets out of order, numbers with other digits, a floor that is none: what no key is written as.
        let mut written = Vec::with_capacity(bytes.len());
        write(&key, &mut written);
        return (written == bytes).then_some(key);
    }
    Some(key)
}

/// What is left of the bytes. Every method takes what it reads.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn key(&mut self, levels: usize) -> Option<RecordKey> {
        Some(match self.byte()? {
            INT => RecordKey::Int(self.int()?),
            ranks::STRING => RecordKey::String(self.text()?),
            ranks::UUID => RecordKey::Uuid(Uuid::from_bytes(self.array()?)),
            ranks::ARRAY => RecordKey::Array(self.items(levels)?),
            ranks::OBJECT => RecordKey::Object(self.object(levels)?),
            _ => return None,
        })
    }

    /// A value that can stand in a key.
    fn value(&mut self, levels: usize) -> Option<Value> {
        Some(match self.byte()? {
            ranks::NULL => Value::Null,
            ranks::BOOL => Value::Bool(match self.byte()? {
                0 => false,
                1 => true,
                _ => return None,
            }),
            ranks::NUMBER => self.number()?,
            ranks::STRING => Value::String(self.text()?),
            ranks::DURATION => {
                Value::Duration(Duration { seconds: u64::from_be_bytes(self.array()?), nanoseconds: self.nanoseconds()? })
            }
            ranks::DATETIME => Value::Datetime(Datetime { seconds: self.int()?, nanoseconds: self.nanoseconds()? }),
            ranks::UUID => Value::Uuid(Uuid::from_bytes(self.array()?)),
            ranks::ARRAY => Value::Array(self.items(levels)?),
            ranks::SET => Value::Set(self.items(levels)?),
            ranks::OBJECT => Value::Object(self.object(levels)?),
            ranks::BYTES => Value::Bytes(self.bytes()?),
            ranks::RECORD => {
                let table = TableName::parse(&self.text()?).ok()?;
                RecordId::new(table, self.key(levels)?).into()
            }
            _ => return None,
        })
    }

    fn number(&mut self) -> Option<Value> {
        let (number, rest) = number::read(self.rest)?;
        self.rest = rest;
        match number {
            Number::Float(float) if !float.is_finite() => None,
            number => Some(normal(number)),
        }
    }

    fn items(&mut self, levels: usize) -> Option<Vec<Value>> {
        let levels = deeper(levels)?;
        let mut items = Vec::new();
        while *self.rest.first()? != END {
            items.push(self.value(levels)?);
        }
        self.byte()?;
        Some(items)
    }

    fn object(&mut self, levels: usize) -> Option<Object> {
        let levels = deeper(levels)?;
        let mut object = Object::new();
        loop {
            match self.byte()? {
                END => return Some(object),
                ITEM => {
                    let key = self.text()?;
                    object.insert(key, self.value(levels)?);
                }
                _ => return None,
            }
        }
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?).ok()
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let (bytes, rest) = take_bytes(self.rest)?;
        self.rest = rest;
        Some(bytes)
    }

    fn int(&mut self) -> Option<i64> {
        Some((u64::from_be_bytes(self.array()?) ^ (1 << 63)).cast_signed())
    }

    fn nanoseconds(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.array()?)).filter(|nanoseconds| *nanoseconds < NANOSECONDS_PER_SECOND)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*taken)
    }
}

/// Bytes up to their end mark, and what stands behind it.
fn take_bytes(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut bytes = Vec::with_capacity(rest.len());
    loop {
        let escape = rest.iter().position(|byte| *byte == ESCAPE)?;
        bytes.extend_from_slice(&rest[..escape]);
        let mark = *rest.get(escape + 1)?;
        rest = &rest[escape + 2..];
        match mark {
            TEXT_END => return Some((bytes, rest)),
            ESCAPED_NUL => bytes.push(0),
            _ => return None,
        }
    }
}

fn deeper(levels: usize) -> Option<usize> {
    (levels < MAX_DEPTH).then_some(levels + 1)
}
