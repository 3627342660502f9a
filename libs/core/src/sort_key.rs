//! Order-preserving bytes of a value and of a record's key; frozen by golden files.
use crate::{RecordKey, Result, Value};

/// Invariant: for uncut keys cmp(a, b) = cmp(key(a), key(b)); cut keys are equal only if the values are.
pub fn encode(value: &Value) -> Vec<u8> {
    let _ = value;
    todo!()
}

/// The sort key of a record's key. Never cut: a key whose sort key exceeds 1,000 bytes is refused (422).
pub fn encode_record_key(key: &RecordKey) -> Result<Vec<u8>> {
    let _ = key;
    todo!()
}

/// The record key of a sort key; None for array and object keys, whose sort key does not tell `1` from `1.0`, and for bytes that are no record key.
pub fn decode_record_key(bytes: &[u8]) -> Option<RecordKey> {
    let _ = bytes;
    todo!()
}
