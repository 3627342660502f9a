//! Arrays as collections of members: which are there, and which are there once.
use std::collections::BTreeSet;

use ddb_core::Value;

use super::super::{Arguments, Outcome};
use super::into_items;
use crate::problem::Failure;

/// The items that are not there yet.
pub(in crate::function) fn add(arguments: &mut Arguments<'_>) -> Outcome {
    let mut items = arguments.items()?;
    let mut known: BTreeSet<Value> = items.iter().cloned().collect();
    let added = into_items(arguments.value()?.into_owned());
    arguments.budget().use_steps(added.len() as u64)?;
    items.extend(added.into_iter().filter(|item| known.insert(item.clone())));
    Ok(Value::Array(items))
}

/// The items of the first that are not in the second.
pub(in crate::function) fn complement(arguments: &mut Arguments<'_>) -> Outcome {
    let (left, right) = (arguments.items()?, members(arguments)?);
    Ok(Value::Array(left.into_iter().filter(|item| !right.contains(item)).collect()))
}

fn members(arguments: &mut Arguments<'_>) -> Result<BTreeSet<Value>, Failure> {
    Ok(arguments.items()?.into_iter().collect())
}

/// The items that are in one of both only.
pub(in crate::function) fn difference(arguments: &mut Arguments<'_>) -> Outcome {
    let (left, right) = (arguments.items()?, arguments.items()?);
    let (in_left, in_right): (BTreeSet<Value>, BTreeSet<Value>) =
        (left.iter().cloned().collect(), right.iter().cloned().collect());
    let of_left = left.into_iter().filter(|item| !in_right.contains(item));
    let of_right = right.into_iter().filter(|item| !in_left.contains(item));
    Ok(Value::Array(of_left.chain(of_right).collect()))
}

pub(super) fn distinct(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(Value::Array(without_repeats(arguments.items()?)))
}

fn without_repeats(items: Vec<Value>) -> Vec<Value> {
    let mut known = BTreeSet::new();
    items.into_iter().filter(|item| known.insert(item.clone())).collect()
}

pub(super) fn group(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(Value::Array(without_repeats(arguments.items()?.into_iter().flat_map(into_items).collect())))
}

pub(in crate::function) fn intersect(arguments: &mut Arguments<'_>) -> Outcome {
    let (left, right) = (arguments.items()?, members(arguments)?);
    Ok(Value::Array(without_repeats(left.into_iter().filter(|item| right.contains(item)).collect())))
}

pub(in crate::function) fn union(arguments: &mut Arguments<'_>) -> Outcome {
    let (mut left, mut right) = (arguments.items()?, arguments.items()?);
    left.append(&mut right);
    Ok(Value::Array(without_repeats(left)))
}
