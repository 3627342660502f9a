//! Arrays. Sets are taken too, as the arrays of their members.
use ddb_core::Value;

use super::{Arguments, Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("array::all", 1, 2, all),
    function("array::any", 1, 2, any),
    function("array::filter", 2, 2, filter),
    function("array::find", 2, 2, find),
    function("array::len", 1, 1, len),
    function("array::map", 2, 2, map),
];

fn all(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, matcher) = (arguments.items()?, arguments.matcher()?);
    for (index, item) in items.iter().enumerate() {
        if !matcher.is_met(item, index)? {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

fn any(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, matcher) = (arguments.items()?, arguments.matcher()?);
    for (index, item) in items.iter().enumerate() {
        if matcher.is_met(item, index)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn filter(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, matcher) = (arguments.items()?, arguments.matcher()?);
    let mut kept = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        if matcher.is_met(&item, index)? {
            kept.push(item);
        }
    }
    Ok(Value::Array(kept))
}

fn find(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, matcher) = (arguments.items()?, arguments.matcher()?);
    for (index, item) in items.into_iter().enumerate() {
        if matcher.is_met(&item, index)? {
            return Ok(item);
        }
    }
    Ok(Value::None)
}

fn len(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(Value::Int(arguments.items()?.len() as i64))
}

fn map(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, closure) = (arguments.items()?, arguments.closure()?);
    let mut mapped = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        mapped.push(closure.call([item, Value::Int(index as i64)])?);
    }
    Ok(Value::Array(mapped))
}
