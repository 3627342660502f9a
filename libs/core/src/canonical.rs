//! Canonical bytes: what facts store and what is hashed. Versioned, typed, length-prefixed; frozen by golden files.
use crate::{Result, Value};

/// Invariant: `decode(encode(v))` = v for every value.
pub fn encode(value: &Value) -> Vec<u8> {
    let _ = value;
    todo!()
}

pub fn decode(bytes: &[u8]) -> Result<Value> {
    let _ = bytes;
    todo!()
}
