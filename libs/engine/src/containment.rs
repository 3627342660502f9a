//! What is in what.
use ddb_core::{Bound, Range, Value};

use crate::budget::Budget;
use crate::geometry;
use crate::kind::is_number;
use crate::problem::Problem;

/// Items that count as one step.
const ITEMS_PER_STEP: usize = 16;

/// `container CONTAINS item`: a member of an array or a set, a part of a string, a key of an object, a value within a range,
/// a geometry within a geometry.
pub(crate) fn contains(container: &Value, item: &Value, budget: &Budget) -> Result<bool, Problem> {
    match (container, item) {
        (Value::Array(items), _) => {
            budget.use_steps((items.len() / ITEMS_PER_STEP) as u64)?;
            Ok(items.contains(item))
        }
        (Value::Set(members), _) => Ok(members.binary_search(item).is_ok()),
        (Value::String(text), Value::String(part)) => {
            budget.use_steps((text.len() / 64) as u64)?;
            Ok(text.contains(part.as_str()))
        }
        (Value::Object(object), Value::String(key)) => Ok(object.contains_key(key)),
        (Value::Range(range), _) => Ok(is_within(range, item)),
        _ => match (geometry::of_value(container), geometry::of_value(item)) {
            (Some(outer), Some(inner)) => geometry::contains(&outer, &inner, budget),
            _ => Ok(false),
        },
    }
}

/// Whether every item of `items` is in the container; something that has no items stands for itself.
pub(crate) fn contains_all(container: &Value, items: &Value, budget: &Budget) -> Result<bool, Problem> {
    for item in as_items(items) {
        if !contains(container, item, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether some item of `items` is in the container.
pub(crate) fn contains_any(container: &Value, items: &Value, budget: &Budget) -> Result<bool, Problem> {
    for item in as_items(items) {
        if contains(container, item, budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `a INTERSECTS b`: whether two geometries have a position in common.
pub(crate) fn intersects(a: &Value, b: &Value, budget: &Budget) -> Result<bool, Problem> {
    match (geometry::of_value(a), geometry::of_value(b)) {
        (Some(a), Some(b)) => geometry::intersects(&a, &b, budget),
        _ => Ok(false),
    }
}

/// The items of an array or a set; anything else is one item.
pub(crate) fn as_items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) | Value::Set(items) => items,
        single => std::slice::from_ref(single),
    }
}

/// A value is within a range only if it is of the kind of the bounds: `'a'` is not in `1..`.
pub(crate) fn is_within(range: &Range, value: &Value) -> bool {
    let after_begin = match &range.begin {
        Bound::Unbounded => true,
        Bound::Included(begin) => is_alike(begin, value) && value >= begin,
        Bound::Excluded(begin) => is_alike(begin, value) && value > begin,
    };
    let before_end = match &range.end {
        Bound::Unbounded => true,
        Bound::Included(end) => is_alike(end, value) && value <= end,
        Bound::Excluded(end) => is_alike(end, value) && value < end,
    };
    after_begin && before_end
}

fn is_alike(a: &Value, b: &Value) -> bool {
    a.kind_name() == b.kind_name() || (is_number(a) && is_number(b))
}
