//! Order-preserving bytes of a value and of a record's key; frozen by golden files. The format stands in the crate's README.
mod number;
mod record_key;

use sha2::{Digest, Sha512_256};

use crate::number::{Number, ordered_bits};
use crate::value::rank;
use crate::{Bound, Datetime, Error, Geometry, Object, RecordKey, Result, Value};

/// Bytes of a body that a key keeps, and the longest key of a record.
const MAX_BODY_BYTES: usize = 1_000;
const MAX_RECORD_KEY_BYTES: usize = 1_000;
const HASH_BYTES: usize = 32;
/// Stands between the kept bytes and the hash of a cut key.
const CUT: u8 = 0xFF;
/// Rank, kept bytes, mark, hash: an uncut key is never as long.
const CUT_KEY_BYTES: usize = 1 + MAX_BODY_BYTES + 1 + HASH_BYTES;

/// Before each item of a list whose items could begin with 00, and after a list.
const ITEM: u8 = 0x01;
const END: u8 = 0x00;
/// In text and bytes: 00 is written `00 FF`, and the end is `00 01`, so that a shorter text comes first.
const ESCAPE: u8 = 0x00;
const ESCAPED_NUL: u8 = 0xFF;
const TEXT_END: u8 = 0x01;

/// Invariant: for uncut keys cmp(a, b) = cmp(key(a), key(b)); cut keys are equal only if the values are.
///
/// No key is the beginning of another, so keys may be compared inverted and one after the other. At most 1,034 bytes.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut key = encode_whole(value);
    if key.len() > 1 + MAX_BODY_BYTES {
        let hash = Sha512_256::digest(&key[1..]);
        key.truncate(1 + MAX_BODY_BYTES);
        key.push(CUT);
        key.extend_from_slice(&hash);
    }
    key
}

/// The key of a value however long it is: never cut, so that cmp(a, b) = cmp(key(a), key(b)) always.
pub fn encode_whole(value: &Value) -> Vec<u8> {
    let mut key = Vec::with_capacity(24);
    write_value(value, &mut key);
    key
}

/// Whether [`encode`] cuts this key of [`encode_whole`].
pub fn is_long(whole: &[u8]) -> bool {
    whole.len() > 1 + MAX_BODY_BYTES
}

/// Whether the key was cut: equal beginnings of cut keys say nothing about the order of their values.
pub fn is_cut(key: &[u8]) -> bool {
    key.len() == CUT_KEY_BYTES
}

/// The key for descending order: every byte inverted. Inverting twice gives the key back.
pub fn invert(key: &mut [u8]) {
    for byte in key {
        *byte = !*byte;
    }
}

/// [`encode`] and [`invert`].
pub fn encode_descending(value: &Value) -> Vec<u8> {
    let mut key = encode(value);
    invert(&mut key);
    key
}

/// The sort key of a record's key. Never cut: a key whose sort key exceeds 1,000 bytes is refused (422).
pub fn encode_record_key(key: &RecordKey) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(24);
    record_key::write(key, &mut out);
    if out.len() > MAX_RECORD_KEY_BYTES {
        return Err(Error::invalid("id", "RECORD_KEY", "the record key is too long"));
    }
    Ok(out)
}

/// The record key of a sort key; None for bytes that are of no key that a record can have.
pub fn decode_record_key(bytes: &[u8]) -> Option<RecordKey> {
    record_key::read(bytes)
}

/// The datetime of a sort key; None for the key of another value.
pub fn decode_datetime(bytes: &[u8]) -> Option<Datetime> {
    let (own, rest) = bytes.split_first()?;
    if *own != rank(&Value::Datetime(Datetime { seconds: 0, nanoseconds: 0 })) {
        return None;
    }
    let (seconds, nanoseconds) = rest.split_first_chunk::<8>()?;
    let seconds = (u64::from_be_bytes(*seconds) ^ (1 << 63)).cast_signed();
    Some(Datetime { seconds, nanoseconds: u32::from_be_bytes(nanoseconds.try_into().ok()?) })
}

fn write_value(value: &Value, out: &mut Vec<u8>) {
    out.push(rank(value));
    match value {
        Value::None | Value::Null => {}
        Value::Bool(flag) => out.push(u8::from(*flag)),
        Value::Int(int) => number::write(Number::Int(*int), out),
        Value::Float(float) => number::write(Number::Float(*float), out),
        Value::Decimal(decimal) => number::write(Number::Decimal(*decimal), out),
        Value::String(text) => write_bytes(text.as_bytes(), out),
        Value::Duration(duration) => {
            out.extend_from_slice(&duration.seconds.to_be_bytes());
            out.extend_from_slice(&duration.nanoseconds.to_be_bytes());
        }
        Value::Datetime(datetime) => {
            write_int(datetime.seconds, out);
            out.extend_from_slice(&datetime.nanoseconds.to_be_bytes());
        }
        Value::Uuid(uuid) => out.extend_from_slice(uuid.as_bytes()),
        Value::Array(items) | Value::Set(items) => write_items(items, out),
        Value::Object(object) => write_object(object, out),
        Value::Geometry(geometry) => write_geometry(geometry, out),
        Value::Bytes(bytes) => write_bytes(bytes, out),
        Value::Table(table) => write_bytes(table.as_str().as_bytes(), out),
        Value::Record(id) => {
            write_bytes(id.table.as_str().as_bytes(), out);
            record_key::write(&id.key, out);
        }
        Value::Range(range) => {
            write_begin(&range.begin, out);
            write_end(&range.end, out);
        }
    }
}

/// Eight bytes with the sign turned round.
fn write_int(int: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&(int.cast_unsigned() ^ (1 << 63)).to_be_bytes());
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len() + 2);
    for part in bytes.split_inclusive(|byte| *byte == ESCAPE) {
        out.extend_from_slice(part);
        if part.ends_with(&[ESCAPE]) {
            out.push(ESCAPED_NUL);
        }
    }
    out.extend_from_slice(&[ESCAPE, TEXT_END]);
}

/// Ranks are above [`END`], so that a shorter list comes first.
fn write_items(items: &[Value], out: &mut Vec<u8>) {
    for item in items {
        write_value(item, out);
    }
    out.push(END);
}

fn write_object(object: &Object, out: &mut Vec<u8>) {
    for (key, value) in object {
        out.push(ITEM);
        write_bytes(key.as_bytes(), out);
        write_value(value, out);
    }
    out.push(END);
}

fn write_geometry(geometry: &Geometry, out: &mut Vec<u8>) {
    out.push(geometry.rank());
    match geometry {
        Geometry::Point(position) => write_position(position, out),
        Geometry::Line(positions) | Geometry::MultiPoint(positions) => write_list(positions, out, write_position),
        Geometry::Polygon(lines) | Geometry::MultiLine(lines) => {
            write_list(lines, out, |line, out| write_list(line, out, write_position));
        }
        Geometry::MultiPolygon(polygons) => write_list(polygons, out, |lines, out| {
            write_list(lines, out, |line, out| write_list(line, out, write_position));
        }),
        Geometry::Collection(members) => write_list(members, out, write_geometry),
    }
}

fn write_position(position: &(f64, f64), out: &mut Vec<u8>) {
    out.extend_from_slice(&ordered_bits(position.0).to_be_bytes());
    out.extend_from_slice(&ordered_bits(position.1).to_be_bytes());
}

fn write_list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    for item in items {
        out.push(ITEM);
        write(item, out);
    }
    out.push(END);
}

/// Open before all; at the same value the one that includes it first.
fn write_begin(bound: &Bound, out: &mut Vec<u8>) {
    write_bound(bound, [0x00, 0x00, 0x01], out);
}

/// Open after all; at the same value the one that excludes it first.
fn write_end(bound: &Bound, out: &mut Vec<u8>) {
    write_bound(bound, [0x02, 0x01, 0x00], out);
}

fn write_bound(bound: &Bound, [unbounded, included, excluded]: [u8; 3], out: &mut Vec<u8>) {
    let (value, side) = match bound {
        Bound::Unbounded => return out.push(unbounded),
        Bound::Included(value) => (value, included),
        Bound::Excluded(value) => (value, excluded),
    };
    out.push(ITEM);
    write_value(value, out);
    out.push(side);
}
