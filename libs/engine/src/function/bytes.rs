//! Bytes.
use ddb_core::Value;

use super::{Function, function};

pub(super) const FUNCTIONS: &[Function] = &[function("bytes::len", 1, 1, |arguments| {
    arguments.read("bytes", |value| match value {
        Value::Bytes(bytes) => Some(Value::Int(bytes.len() as i64)),
        _ => None,
    })
})];
