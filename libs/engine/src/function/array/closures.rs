//! What asks a closure, or a value, about each item.
use ddb_core::Value;

use super::super::{Arguments, Outcome};
use crate::problem::Problem;

/// How deep a value that a closure builds up may become: beyond, functions over values would run out of stack.
const MAX_BUILT_DEPTH: usize = ddb_core::MAX_DEPTH;

pub(in crate::function) fn all(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, matcher) = (arguments.items()?, arguments.matcher()?);
    for (index, item) in items.iter().enumerate() {
        if !matcher.is_met(item, index)? {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

pub(in crate::function) fn any(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, matcher) = (arguments.items()?, arguments.matcher()?);
    for (index, item) in items.iter().enumerate() {
        if matcher.is_met(item, index)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

pub(in crate::function) fn filter(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, matcher) = (arguments.items()?, arguments.matcher()?);
    let mut kept = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        if matcher.is_met(&item, index)? {
            kept.push(item);
        }
    }
    Ok(Value::Array(kept))
}

pub(super) fn filter_index(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, matcher) = (arguments.items()?, arguments.matcher()?);
    let mut indexes = Vec::new();
    for (index, item) in items.iter().enumerate() {
        if matcher.is_met(item, index)? {
            indexes.push(Value::Int(index as i64));
        }
    }
    Ok(Value::Array(indexes))
}

pub(in crate::function) fn find(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, matcher) = (arguments.items()?, arguments.matcher()?);
    for (index, item) in items.into_iter().enumerate() {
        if matcher.is_met(&item, index)? {
            return Ok(item);
        }
    }
    Ok(Value::None)
}

pub(super) fn find_index(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, matcher) = (arguments.items()?, arguments.matcher()?);
    for (index, item) in items.iter().enumerate() {
        if matcher.is_met(item, index)? {
            return Ok(Value::Int(index as i64));
        }
    }
    Ok(Value::None)
}

pub(in crate::function) fn fold(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, start, closure) = (arguments.items()?, arguments.value()?.into_owned(), arguments.closure()?);
    let mut folded = start;
    for (index, item) in items.into_iter().enumerate() {
        folded = shallow(closure.call([folded, item, Value::Int(index as i64)])?)?;
    }
    Ok(folded)
}

/// What a closure built up, if it can go into the next round.
pub(in crate::function) fn shallow(value: Value) -> Result<Value, Problem> {
    match value.depth() > MAX_BUILT_DEPTH {
        true => Err(Problem::limit(format!("a value that nests more than {MAX_BUILT_DEPTH} levels"))),
        false => Ok(value),
    }
}

pub(in crate::function) fn map(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, closure) = (arguments.items()?, arguments.closure()?);
    let mut mapped = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        mapped.push(closure.call([item, Value::Int(index as i64)])?);
    }
    Ok(Value::Array(mapped))
}

pub(super) fn matches(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, matcher) = (arguments.items()?, arguments.matcher()?);
    let mut flags = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        flags.push(Value::Bool(matcher.is_met(item, index)?));
    }
    Ok(Value::Array(flags))
}

pub(in crate::function) fn reduce(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, closure) = (arguments.items()?, arguments.closure()?);
    let mut items = items.into_iter();
    let mut reduced = items.next().unwrap_or_default();
    for (index, item) in items.enumerate() {
        reduced = shallow(closure.call([reduced, item, Value::Int(index as i64 + 1)])?)?;
    }
    Ok(reduced)
}
