//! Sets: what arrays have, with sets as results.
use ddb_core::Value;

use super::{Arguments, Function, Outcome, array, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("set::add", 2, 2, |arguments| as_set(array::add(arguments))),
    function("set::all", 1, 2, array::all),
    function("set::any", 1, 2, array::any),
    function("set::at", 2, 2, array::at),
    function("set::complement", 2, 2, |arguments| as_set(array::complement(arguments))),
    function("set::contains", 2, 2, contains),
    function("set::difference", 2, 2, |arguments| as_set(array::difference(arguments))),
    function("set::filter", 2, 2, |arguments| as_set(array::filter(arguments))),
    function("set::find", 2, 2, array::find),
    function("set::first", 1, 1, array::first),
    function("set::flatten", 1, 1, |arguments| as_set(array::flatten(arguments))),
    function("set::fold", 3, 3, array::fold),
    function("set::intersect", 2, 2, |arguments| as_set(array::intersect(arguments))),
    function("set::is_empty", 1, 1, array::is_empty),
    function("set::join", 1, 2, array::join),
    function("set::last", 1, 1, array::last),
    function("set::len", 1, 1, array::len),
    function("set::map", 2, 2, |arguments| as_set(array::map(arguments))),
    function("set::max", 1, 1, array::max),
    function("set::min", 1, 1, array::min),
    function("set::reduce", 2, 2, array::reduce),
    function("set::remove", 2, 2, remove),
    function("set::slice", 1, 3, |arguments| as_set(array::slice(arguments))),
    function("set::union", 2, 2, |arguments| as_set(array::union(arguments))),
];

fn as_set(outcome: Outcome) -> Outcome {
    Ok(match outcome? {
        Value::Array(items) => Value::set(items),
        other => other,
    })
}

fn contains(arguments: &mut Arguments<'_>) -> Outcome {
    let (members, wanted) = (arguments.items()?, arguments.value()?);
    Ok(Value::Bool(members.contains(&wanted)))
}

/// Without a member, or without those of another set.
fn remove(arguments: &mut Arguments<'_>) -> Outcome {
    let (mut members, removed) = (arguments.items()?, arguments.value()?);
    match removed.as_ref() {
        Value::Array(items) | Value::Set(items) => {
            arguments.budget().use_steps((members.len() as u64).saturating_mul(items.len() as u64))?;
            members.retain(|member| !items.contains(member));
        }
        single => members.retain(|member| member != single),
    }
    Ok(Value::set(members))
}
