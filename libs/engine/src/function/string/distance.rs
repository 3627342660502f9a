//! How near strings are to each other. The work is the product of their lengths, and is taken from the budget.
use ddb_core::Value;

use super::super::{Arguments, Function, Outcome, function};
use crate::problem::Failure;

pub(super) const FUNCTIONS: &[Function] = &[
    function("string::distance::damerau_levenshtein", 2, 2, |arguments| count(arguments, strsim::damerau_levenshtein)),
    function("string::distance::hamming", 2, 2, hamming),
    function("string::distance::levenshtein", 2, 2, |arguments| count(arguments, strsim::levenshtein)),
    function("string::distance::normalized_damerau_levenshtein", 2, 2, |arguments| {
        share(arguments, strsim::normalized_damerau_levenshtein)
    }),
    function("string::distance::normalized_levenshtein", 2, 2, |arguments| share(arguments, strsim::normalized_levenshtein)),
    function("string::distance::osa_distance", 2, 2, |arguments| count(arguments, strsim::osa_distance)),
    function("string::distance::jaro", 2, 2, |arguments| share(arguments, |a, b| 1.0 - strsim::jaro(a, b))),
    function("string::distance::jaro_winkler", 2, 2, |arguments| share(arguments, |a, b| 1.0 - strsim::jaro_winkler(a, b))),
    function("string::similarity::jaro", 2, 2, |arguments| share(arguments, strsim::jaro)),
    function("string::similarity::jaro_winkler", 2, 2, |arguments| share(arguments, strsim::jaro_winkler)),
    function("string::similarity::sorensen_dice", 2, 2, |arguments| share(arguments, strsim::sorensen_dice)),
];

fn pair(arguments: &mut Arguments<'_>) -> Result<(String, String), Failure> {
    let (a, b) = (arguments.text()?, arguments.text()?);
    arguments.budget().use_steps((a.len() as u64).saturating_mul(b.len() as u64) / 8)?;
    Ok((a, b))
}

fn count(arguments: &mut Arguments<'_>, compute: fn(&str, &str) -> usize) -> Outcome {
    let (a, b) = pair(arguments)?;
    Ok(Value::Int(compute(&a, &b) as i64))
}

fn share(arguments: &mut Arguments<'_>, compute: fn(&str, &str) -> f64) -> Outcome {
    let (a, b) = pair(arguments)?;
    Ok(Value::Float(compute(&a, &b)))
}

fn hamming(arguments: &mut Arguments<'_>) -> Outcome {
    let (a, b) = pair(arguments)?;
    strsim::hamming(&a, &b)
        .map(|distance| Value::Int(distance as i64))
        .map_err(|_| Failure::invalid("the strings are not of the same length"))
}
