//! Functions without a family.
use ddb_core::Value;

use super::{Arguments, Function, Outcome, function};
use crate::truthy::is_truthy;

pub(super) const FUNCTIONS: &[Function] = &[function("count", 0, 1, count), function("not", 1, 1, not)];

/// 1 without an argument; of an array or a set how many items it has; otherwise 1 if the value is truthy, and 0.
fn count(arguments: &mut Arguments<'_>) -> Outcome {
    if arguments.len() == 0 {
        return Ok(Value::Int(1));
    }
    Ok(Value::Int(match arguments.value()?.as_ref() {
        Value::Array(items) | Value::Set(items) => items.len() as i64,
        single => i64::from(is_truthy(single)),
    }))
}

fn not(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(Value::Bool(!is_truthy(arguments.value()?.as_ref())))
}
