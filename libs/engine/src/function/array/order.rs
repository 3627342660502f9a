//! Sorting.
use ddb_core::Value;

use super::super::{Arguments, Outcome, collation};
use crate::problem::Failure;

/// Ascending; descending where the second argument is false or 'desc'.
pub(super) fn sort(arguments: &mut Arguments<'_>) -> Outcome {
    let items = arguments.items()?;
    let descending = is_descending(arguments)?;
    Ok(Value::Array(in_order(items, descending, Value::cmp)))
}

fn is_descending(arguments: &mut Arguments<'_>) -> Result<bool, Failure> {
    match arguments.value()?.as_ref() {
        Value::None => Ok(false),
        Value::Bool(ascending) => Ok(!ascending),
        Value::String(order) if order == "asc" => Ok(false),
        Value::String(order) if order == "desc" => Ok(true),
        other => Err(arguments.mismatch("a bool, 'asc' or 'desc'", other.kind_name())),
    }
}

pub(super) fn sorted(arguments: &mut Arguments<'_>, descending: bool) -> Outcome {
    Ok(Value::Array(in_order(arguments.items()?, descending, Value::cmp)))
}

fn in_order(mut items: Vec<Value>, descending: bool, cmp: impl Fn(&Value, &Value) -> std::cmp::Ordering) -> Vec<Value> {
    items.sort_by(|a, b| if descending { cmp(b, a) } else { cmp(a, b) });
    items
}

/// Strings as a reader orders them: by their letters without accents, small and capital ones alike.
pub(super) fn sort_lexical(arguments: &mut Arguments<'_>) -> Outcome {
    let items = arguments.items()?;
    let descending = is_descending(arguments)?;
    Ok(Value::Array(in_order(items, descending, |a, b| match (a, b) {
        (Value::String(a), Value::String(b)) => collation::lexical(a, b),
        _ => a.cmp(b),
    })))
}

/// Strings with numbers in them by the numbers.
pub(super) fn sort_natural(arguments: &mut Arguments<'_>) -> Outcome {
    let items = arguments.items()?;
    let descending = is_descending(arguments)?;
    Ok(Value::Array(in_order(items, descending, |a, b| match (a, b) {
        (Value::String(a), Value::String(b)) => collation::natural(a, b),
        _ => a.cmp(b),
    })))
}
