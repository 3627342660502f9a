//! The one form of numbers in array and object keys.
use super::RecordKey;
use crate::Value;
use crate::number::{Number, normal};

pub(super) fn normal_key(key: RecordKey) -> RecordKey {
    match key {
        RecordKey::Int(_) | RecordKey::String(_) | RecordKey::Uuid(_) => key,
        RecordKey::Array(items) => RecordKey::Array(items.into_iter().map(normal_part).collect()),
        RecordKey::Object(object) => {
            RecordKey::Object(object.into_iter().map(|(name, part)| (name, normal_part(part))).collect())
        }
    }
}

/// Equal to the part, so that sets stay in order.
fn normal_part(part: Value) -> Value {
    match part {
        Value::Int(_) | Value::Float(_) | Value::Decimal(_) => Number::of(&part).map_or(part, normal),
        Value::Array(items) => Value::Array(items.into_iter().map(normal_part).collect()),
        Value::Set(members) => Value::Set(members.into_iter().map(normal_part).collect()),
        Value::Object(object) => Value::Object(object.into_iter().map(|(name, part)| (name, normal_part(part))).collect()),
        Value::Record(mut id) => {
            id.key = normal_key(id.key);
            Value::Record(id)
        }
        other => other,
    }
}
