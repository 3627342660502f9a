//! Canonical bytes: what facts store and what is hashed. Versioned, typed, length-prefixed; frozen by golden files.
//! The format stands in the crate's README.
mod decode;
mod encode;

use crate::{Error, RecordId, Result, Value};

/// The first byte of what this version writes.
pub const VERSION: u8 = 1;

mod tag {
    pub(super) const NONE: u8 = 0x00;
    pub(super) const NULL: u8 = 0x01;
    pub(super) const FALSE: u8 = 0x02;
    pub(super) const TRUE: u8 = 0x03;
    pub(super) const INT: u8 = 0x04;
    pub(super) const FLOAT: u8 = 0x05;
    pub(super) const DECIMAL: u8 = 0x06;
    pub(super) const STRING: u8 = 0x07;
    pub(super) const DURATION: u8 = 0x08;
    pub(super) const DATETIME: u8 = 0x09;
    pub(super) const UUID: u8 = 0x0A;
    pub(super) const ARRAY: u8 = 0x0B;
    pub(super) const SET: u8 = 0x0C;
    pub(super) const OBJECT: u8 = 0x0D;
    pub(super) const GEOMETRY: u8 = 0x0E;
    pub(super) const BYTES: u8 = 0x0F;
    pub(super) const TABLE: u8 = 0x10;
    pub(super) const RECORD: u8 = 0x11;
    pub(super) const RANGE: u8 = 0x12;

    pub(super) const POINT: u8 = 0x00;
    pub(super) const LINE: u8 = 0x01;
    pub(super) const POLYGON: u8 = 0x02;
    pub(super) const MULTI_POINT: u8 = 0x03;
    pub(super) const MULTI_LINE: u8 = 0x04;
    pub(super) const MULTI_POLYGON: u8 = 0x05;
    pub(super) const COLLECTION: u8 = 0x06;

    pub(super) const UNBOUNDED: u8 = 0x00;
    pub(super) const INCLUDED: u8 = 0x01;
    pub(super) const EXCLUDED: u8 = 0x02;
}

/// The only NaN that is written and read.
const NAN: u64 = 0x7FF8_0000_0000_0000;

/// Invariant: `decode(encode(v))` is identical to v for every value of at most [`MAX_DEPTH`](crate::MAX_DEPTH) levels.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(24);
    out.push(VERSION);
    encode::write_value(value, &mut out);
    out
}

/// `encode` of the record id as a value: the name of an entity, of which the chain holds a commitment.
pub fn encode_record_id(id: &RecordId) -> Vec<u8> {
    let mut out = Vec::with_capacity(48);
    out.push(VERSION);
    encode::write_record(id, &mut out);
    out
}

/// Strict: what `encode` does not write is refused (`INTERNAL`: stored bytes are damaged). Never panics.
pub fn decode(bytes: &[u8]) -> Result<Value> {
    decode::read(bytes).map_err(|problem| Error::internal(format!("canonical bytes: {problem}")))
}
