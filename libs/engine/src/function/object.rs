//! Objects.
use ddb_core::{Object, Value};

use super::{Arguments, Function, Outcome, function};
use crate::operator::size;

pub(super) const FUNCTIONS: &[Function] = &[
    function("object::entries", 1, 1, entries),
    function("object::extend", 2, 2, extend),
    function("object::from_entries", 1, 1, from_entries),
    function("object::is_empty", 1, 1, |arguments| Ok(Value::Bool(arguments.object()?.is_empty()))),
    function("object::keys", 1, 1, |arguments| Ok(Value::Array(arguments.object()?.into_keys().map(Value::String).collect()))),
    function("object::len", 1, 1, |arguments| Ok(Value::Int(arguments.object()?.len() as i64))),
    function("object::remove", 2, 2, remove),
    function("object::values", 1, 1, |arguments| Ok(Value::Array(arguments.object()?.into_values().collect()))),
];

/// Pairs of key and value.
fn entries(arguments: &mut Arguments<'_>) -> Outcome {
    let pairs = arguments.object()?.into_iter().map(|(key, value)| Value::Array(vec![Value::String(key), value]));
    Ok(Value::Array(pairs.collect()))
}

/// The first with the entries of the second over its own.
fn extend(arguments: &mut Arguments<'_>) -> Outcome {
    let (mut object, other) = (arguments.object()?, arguments.object()?);
    object.extend(other);
    let object = Value::Object(object);
    arguments.budget().use_bytes(size(&object))?;
    Ok(object)
}

fn from_entries(arguments: &mut Arguments<'_>) -> Outcome {
    let mut object = Object::new();
    for entry in arguments.items()? {
        match entry {
            Value::Array(pair) => match <[Value; 2]>::try_from(pair) {
                Ok([Value::String(key), value]) => object.insert(key, value),
                _ => return Err(arguments.mismatch("an array of pairs of a string and a value", "another array")),
            },
            other => return Err(arguments.mismatch("an array of pairs", &format!("one with {}", other.kind_name()))),
        };
    }
    Ok(Value::Object(object))
}

/// Without a key, or without several.
fn remove(arguments: &mut Arguments<'_>) -> Outcome {
    let mut object = arguments.object()?;
    let keys = arguments.value()?;
    for key in crate::containment::as_items(&keys) {
        match key {
            Value::String(key) => object.remove(key),
            other => return Err(arguments.mismatch("a key or an array of keys", other.kind_name())),
        };
    }
    Ok(Value::Object(object))
}
