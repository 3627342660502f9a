//! Arrays. Sets are taken too, as the arrays of their members.
mod closures;
mod members;
mod order;

use ddb_core::Value;

use super::{Arguments, Function, Outcome, chance, function};
use crate::arithmetic;
use crate::cast;
use crate::operator::size;
use crate::problem::Failure;
use crate::truthy::is_truthy;
pub(super) use closures::{all, any, filter, find, fold, map, reduce};
use closures::{filter_index, find_index, matches};
pub(super) use members::{add, complement, difference, intersect, union};
use members::{distinct, group};
use order::{sort, sort_lexical, sort_natural, sorted};

pub(super) const FUNCTIONS: &[Function] = &[
    function("array::add", 2, 2, add),
    function("array::all", 1, 2, all),
    function("array::any", 1, 2, any),
    function("array::append", 2, 2, push),
    function("array::at", 2, 2, at),
    function("array::boolean_and", 2, 2, |arguments| paired(arguments, |a, b| Value::Bool(is_truthy(&a) && is_truthy(&b)))),
    function("array::boolean_not", 1, 1, boolean_not),
    function("array::boolean_or", 2, 2, |arguments| paired(arguments, |a, b| Value::Bool(is_truthy(&a) || is_truthy(&b)))),
    function("array::boolean_xor", 2, 2, |arguments| paired(arguments, |a, b| Value::Bool(is_truthy(&a) != is_truthy(&b)))),
    function("array::clump", 2, 2, clump),
    function("array::combine", 2, 2, combine),
    function("array::complement", 2, 2, complement),
    function("array::concat", 1, usize::MAX, concat),
    function("array::difference", 2, 2, difference),
    function("array::distinct", 1, 1, distinct),
    function("array::fill", 2, 4, fill),
    function("array::filter", 2, 2, filter),
    function("array::filter_index", 2, 2, filter_index),
    function("array::find", 2, 2, find),
    function("array::find_index", 2, 2, find_index),
    function("array::first", 1, 1, first),
    function("array::flatten", 1, 1, flatten),
    function("array::fold", 3, 3, fold),
    function("array::group", 1, 1, group),
    function("array::insert", 2, 3, insert),
    function("array::intersect", 2, 2, intersect),
    function("array::is_empty", 1, 1, is_empty),
    function("array::join", 1, 2, join),
    function("array::last", 1, 1, last),
    function("array::len", 1, 1, len),
    function("array::logical_and", 2, 2, |arguments| logical(arguments, |a, b| a && b)),
    function("array::logical_or", 2, 2, |arguments| logical(arguments, |a, b| a || b)),
    function("array::logical_xor", 2, 2, |arguments| logical(arguments, |a, b| a != b)),
    function("array::map", 2, 2, map),
    function("array::matches", 2, 2, matches),
    function("array::max", 1, 1, max),
    function("array::min", 1, 1, min),
    function("array::pop", 1, 1, last),
    function("array::prepend", 2, 2, prepend),
    function("array::push", 2, 2, push),
    function("array::range", 1, 2, range),
    function("array::reduce", 2, 2, reduce),
    function("array::remove", 2, 2, remove),
    function("array::repeat", 2, 2, repeat),
    function("array::reverse", 1, 1, reverse),
    function("array::sequence", 1, 2, sequence),
    chance("array::shuffle", 1, 1, shuffle),
    function("array::slice", 1, 3, slice),
    function("array::sort", 1, 2, sort),
    function("array::sort::asc", 1, 1, |arguments| sorted(arguments, false)),
    function("array::sort::desc", 1, 1, |arguments| sorted(arguments, true)),
    function("array::sort_lexical", 1, 2, sort_lexical),
    function("array::sort_natural", 1, 2, sort_natural),
    function("array::swap", 3, 3, swap),
    function("array::transpose", 1, 1, transpose),
    function("array::union", 2, 2, union),
    function("array::windows", 2, 2, windows),
];

/// The items of an array or a set; anything else is one item.
fn into_items(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) | Value::Set(items) => items,
        single => vec![single],
    }
}

/// A position that counts from the end where it is negative; None before the first.
fn position(index: i64, length: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

pub(super) fn at(arguments: &mut Arguments<'_>) -> Outcome {
    let mut items = arguments.items()?;
    let index = arguments.int()?;
    Ok(match position(index, items.len()) {
        Some(index) if index < items.len() => items.swap_remove(index),
        _ => Value::None,
    })
}

fn boolean_not(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(Value::Array(arguments.items()?.iter().map(|item| Value::Bool(!is_truthy(item))).collect()))
}

/// Both arrays item by item; where one is shorter its items are NONE.
fn paired(arguments: &mut Arguments<'_>, combine: impl Fn(Value, Value) -> Value) -> Outcome {
    let (left, right) = (arguments.items()?, arguments.items()?);
    let count = left.len().max(right.len());
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    let combined = (0..count).map(|_| combine(left.next().unwrap_or_default(), right.next().unwrap_or_default()));
    Ok(Value::Array(combined.collect()))
}

/// The side whose truthiness is that of both together, the left one first; a bool where none is.
fn logical(arguments: &mut Arguments<'_>, truth: fn(bool, bool) -> bool) -> Outcome {
    paired(arguments, |left, right| {
        let truth = truth(is_truthy(&left), is_truthy(&right));
        if is_truthy(&left) == truth {
            left
        } else if is_truthy(&right) == truth {
            right
        } else {
            Value::Bool(truth)
        }
    })
}

/// The array in pieces of some length.
fn clump(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, length) = (arguments.items()?, arguments.count()?);
    if length == 0 {
        return Err(arguments.mismatch("at least 1", "0"));
    }
    Ok(Value::Array(items.chunks(length).map(|piece| Value::Array(piece.to_vec())).collect()))
}

/// Every pair of an item of the first with one of the second.
fn combine(arguments: &mut Arguments<'_>) -> Outcome {
    let (left, right) = (arguments.items()?, arguments.items()?);
    let bytes = left.iter().map(size).sum::<u64>().saturating_mul(right.len() as u64)
        + right.iter().map(size).sum::<u64>().saturating_mul(left.len() as u64);
    arguments.budget().use_bytes(bytes)?;
    let pairs = left.iter().flat_map(|a| right.iter().map(|b| Value::Array(vec![a.clone(), b.clone()])));
    Ok(Value::Array(pairs.collect()))
}

fn concat(arguments: &mut Arguments<'_>) -> Outcome {
    let mut all = Vec::new();
    while arguments.len() > 0 {
        all.append(&mut arguments.items()?);
    }
    arguments.budget().use_bytes(all.iter().map(size).sum())?;
    Ok(Value::Array(all))
}

/// With a value in place of all items, or of those from one position up to another.
fn fill(arguments: &mut Arguments<'_>) -> Outcome {
    let (mut items, value) = (arguments.items()?, arguments.value()?.into_owned());
    let length = items.len();
    let begin = arguments.optional(Arguments::int)?.map_or(0, |index| position(index, length).unwrap_or(0));
    let end = arguments.optional(Arguments::int)?.map_or(length, |index| position(index, length).unwrap_or(0)).min(length);
    arguments.budget().use_bytes(size(&value).saturating_mul(end.saturating_sub(begin) as u64))?;
    for item in items.iter_mut().take(end).skip(begin) {
        *item = value.clone();
    }
    Ok(Value::Array(items))
}

pub(super) fn first(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(arguments.items()?.into_iter().next().unwrap_or_default())
}

pub(super) fn flatten(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(Value::Array(arguments.items()?.into_iter().flat_map(into_items).collect()))
}

fn insert(arguments: &mut Arguments<'_>) -> Outcome {
    let (mut items, value) = (arguments.items()?, arguments.value()?.into_owned());
    let at = arguments.optional(Arguments::int)?.map_or(Some(items.len()), |index| position(index, items.len()));
    if let Some(at) = at.filter(|at| *at <= items.len()) {
        items.insert(at, value);
    }
    Ok(Value::Array(items))
}

pub(super) fn is_empty(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(Value::Bool(arguments.items()?.is_empty()))
}

/// The items as strings, with another one between.
pub(super) fn join(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, between) = (arguments.items()?, arguments.optional(Arguments::text)?.unwrap_or_default());
    let bytes = items.iter().map(size).sum::<u64>() + (between.len() as u64).saturating_mul(items.len() as u64);
    arguments.budget().use_bytes(bytes)?;
    let texts: Option<Vec<String>> = items.iter().map(cast::string).collect();
    let texts = texts.ok_or_else(|| Failure::invalid("only bytes that are UTF-8 can be joined"))?;
    Ok(Value::String(texts.join(&between)))
}

pub(super) fn last(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(arguments.items()?.pop().unwrap_or_default())
}

pub(super) fn len(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(Value::Int(arguments.items()?.len() as i64))
}

pub(super) fn max(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(arguments.items()?.into_iter().max().unwrap_or_default())
}

pub(super) fn min(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(arguments.items()?.into_iter().min().unwrap_or_default())
}

fn prepend(arguments: &mut Arguments<'_>) -> Outcome {
    let mut items = arguments.items()?;
    items.insert(0, arguments.value()?.into_owned());
    Ok(Value::Array(items))
}

fn push(arguments: &mut Arguments<'_>) -> Outcome {
    let mut items = arguments.items()?;
    items.push(arguments.value()?.into_owned());
    Ok(Value::Array(items))
}

/// The ints of a range, or from a first one up to another, which is left out.
fn range(arguments: &mut Arguments<'_>) -> Outcome {
    let (begin, end) = match arguments.value()?.as_ref() {
        Value::Int(begin) => (*begin, arguments.int()?),
        Value::Range(range) if arguments.len() == 0 => match cast::int_bounds(range) {
            Some(bounds) => bounds,
            None => return Err(arguments.mismatch("a range of ints with a begin and an end", "another range")),
        },
        other => return Err(arguments.mismatch("an int or a range", other.kind_name())),
    };
    ints(begin, end, arguments)
}

fn ints(begin: i64, end: i64, arguments: &Arguments<'_>) -> Outcome {
    let count = u64::try_from(i128::from(end) - i128::from(begin)).unwrap_or(0);
    arguments.budget().use_bytes(count.saturating_mul(size_of::<Value>() as u64))?;
    Ok(Value::Array((begin..end).map(Value::Int).collect()))
}

/// Without the item at a position.
fn remove(arguments: &mut Arguments<'_>) -> Outcome {
    let mut items = arguments.items()?;
    let index = arguments.int()?;
    if let Some(at) = position(index, items.len()).filter(|at| *at < items.len()) {
        items.remove(at);
    }
    Ok(Value::Array(items))
}

/// A value so many times.
fn repeat(arguments: &mut Arguments<'_>) -> Outcome {
    let (value, count) = (arguments.value()?.into_owned(), arguments.count()?);
    arguments.budget().use_bytes(size(&value).saturating_mul(count as u64))?;
    Ok(Value::Array(vec![value; count]))
}

fn reverse(arguments: &mut Arguments<'_>) -> Outcome {
    let mut items = arguments.items()?;
    items.reverse();
    Ok(Value::Array(items))
}

/// So many ints from 0, or from a first one.
fn sequence(arguments: &mut Arguments<'_>) -> Outcome {
    let first = arguments.int()?;
    match arguments.optional(Arguments::int)? {
        None => ints(0, first, arguments),
        Some(count) => {
            let end = first.checked_add(count.max(0)).ok_or_else(|| Failure::invalid("the ints are beyond 64 bits"))?;
            ints(first, end, arguments)
        }
    }
}

fn shuffle(arguments: &mut Arguments<'_>) -> Outcome {
    use rand::seq::SliceRandom;
    let mut items = arguments.items()?;
    items.shuffle(&mut rand::rng());
    Ok(Value::Array(items))
}

/// From a position up to another, which is left out; negative ones count from the end. A range of positions will do.
pub(super) fn slice(arguments: &mut Arguments<'_>) -> Outcome {
    let items = arguments.items()?;
    let (begin, end) = slice_bounds(arguments, items.len())?;
    Ok(Value::Array(items.get(begin..end).unwrap_or_default().to_vec()))
}

pub(super) fn slice_bounds(arguments: &mut Arguments<'_>, length: usize) -> Result<(usize, usize), Failure> {
    let first = arguments.value()?;
    let (begin, end) = match first.as_ref() {
        Value::Range(range) => {
            crate::path::slice_bounds(range).ok_or_else(|| arguments.mismatch("a range of ints", "another range"))?
        }
        Value::None => (0, usize::MAX),
        Value::Int(begin) => {
            let end = arguments.optional(Arguments::int)?;
            (position(*begin, length).unwrap_or(0), end.map_or(usize::MAX, |end| position(end, length).unwrap_or(0)))
        }
        other => return Err(arguments.mismatch("an int or a range", other.kind_name())),
    };
    let end = end.min(length);
    Ok((begin.min(end), end))
}

fn swap(arguments: &mut Arguments<'_>) -> Outcome {
    let mut items = arguments.items()?;
    let mut index = || -> Result<usize, Failure> {
        let index = arguments.int()?;
        position(index, items.len())
            .filter(|index| *index < items.len())
            .ok_or_else(|| arguments.mismatch("a position in the array", "one beyond it"))
    };
    let (first, second) = (index()?, index()?);
    items.swap(first, second);
    Ok(Value::Array(items))
}

/// Rows to columns; where a row is shorter its items are left out.
fn transpose(arguments: &mut Arguments<'_>) -> Outcome {
    let mut rows: Vec<_> = arguments.items()?.into_iter().map(|row| into_items(row).into_iter()).collect();
    let width = rows.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
    arguments.budget().use_steps((width as u64).saturating_mul(rows.len() as u64))?;
    let columns = (0..width).map(|_| Value::Array(rows.iter_mut().filter_map(Iterator::next).collect()));
    Ok(Value::Array(columns.collect()))
}

/// Every run of so many items.
fn windows(arguments: &mut Arguments<'_>) -> Outcome {
    let (items, length) = (arguments.items()?, arguments.count()?);
    if length == 0 {
        return Err(arguments.mismatch("at least 1", "0"));
    }
    arguments.budget().use_bytes(items.iter().map(size).sum::<u64>().saturating_mul(length as u64))?;
    Ok(Value::Array(items.windows(length).map(|run| Value::Array(run.to_vec())).collect()))
}

/// The sum of numbers, by the rules of `+`.
pub(super) fn sum(numbers: &[Value]) -> Result<Value, Failure> {
    let mut sum = Value::Int(0);
    for number in numbers {
        sum = arithmetic::add(&sum, number).map_err(|error| Failure::invalid(error.to_string()))?;
    }
    Ok(sum)
}
