//! Functions for values of every kind.
use super::{Arguments, Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[function("value::chain", 2, 2, chain)];

/// What a closure makes of the value.
fn chain(arguments: &mut Arguments<'_>) -> Outcome {
    let (value, closure) = (arguments.value()?.into_owned(), arguments.closure()?);
    Ok(closure.call([value])?)
}
