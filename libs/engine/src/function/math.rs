//! Numbers, and statistics of arrays of numbers.
use std::collections::BTreeMap;

use ddb_core::{Decimal, Value};

use super::{Arguments, Function, Outcome, array, function};
use crate::arithmetic::{self, ArithmeticError, float};
use crate::problem::Failure;

pub(super) const FUNCTIONS: &[Function] = &[
    function("math::abs", 1, 1, abs),
    function("math::acos", 1, 1, |arguments| of_float(arguments, f64::acos)),
    function("math::acot", 1, 1, |arguments| of_float(arguments, |x| (1.0 / x).atan())),
    function("math::asin", 1, 1, |arguments| of_float(arguments, f64::asin)),
    function("math::atan", 1, 1, |arguments| of_float(arguments, f64::atan)),
    function("math::bottom", 2, 2, bottom),
    function("math::ceil", 1, 1, |arguments| rounded(arguments, f64::ceil, |decimal| decimal.ceil())),
    function("math::clamp", 3, 3, clamp),
    function("math::cos", 1, 1, |arguments| of_float(arguments, f64::cos)),
    function("math::cot", 1, 1, |arguments| of_float(arguments, |x| 1.0 / x.tan())),
    function("math::deg2rad", 1, 1, |arguments| of_float(arguments, f64::to_radians)),
    function("math::fixed", 2, 2, fixed),
    function("math::floor", 1, 1, |arguments| rounded(arguments, f64::floor, |decimal| decimal.floor())),
    function("math::interquartile", 1, 1, |arguments| of_quartiles(arguments, |q| q[2] - q[0])),
    function("math::lerp", 3, 3, lerp),
    function("math::lerpangle", 3, 3, lerpangle),
    function("math::ln", 1, 1, |arguments| of_float(arguments, f64::ln)),
    function("math::log", 2, 2, log),
    function("math::log10", 1, 1, |arguments| of_float(arguments, f64::log10)),
    function("math::log2", 1, 1, |arguments| of_float(arguments, f64::log2)),
    function("math::max", 1, 1, max),
    function("math::mean", 1, 1, mean),
    function("math::median", 1, 1, median),
    function("math::midhinge", 1, 1, |arguments| of_quartiles(arguments, |q| (q[0] + q[2]) / 2.0)),
    function("math::min", 1, 1, min),
    function("math::mode", 1, 1, mode),
    function("math::nearestrank", 2, 2, nearest_rank),
    function("math::percentile", 2, 2, percentile),
    function("math::pow", 2, 2, pow),
    function("math::product", 1, 1, product),
    function("math::rad2deg", 1, 1, |arguments| of_float(arguments, f64::to_degrees)),
    function("math::round", 1, 1, |arguments| rounded(arguments, f64::round, round_decimal)),
    function("math::sign", 1, 1, sign),
    function("math::sin", 1, 1, |arguments| of_float(arguments, f64::sin)),
    function("math::spread", 1, 1, spread),
    function("math::sqrt", 1, 1, |arguments| of_float(arguments, f64::sqrt)),
    function("math::stddev", 1, 1, |arguments| Ok(Value::Float(variance_of(&arguments.floats()?).sqrt()))),
    function("math::sum", 1, 1, |arguments| array::sum(&arguments.numbers()?)),
    function("math::tan", 1, 1, |arguments| of_float(arguments, f64::tan)),
    function("math::top", 2, 2, top),
    function("math::trimean", 1, 1, |arguments| of_quartiles(arguments, |q| (q[0] + 2.0 * q[1] + q[2]) / 4.0)),
    function("math::variance", 1, 1, |arguments| Ok(Value::Float(variance_of(&arguments.floats()?)))),
];

fn of_float(arguments: &mut Arguments<'_>, compute: fn(f64) -> f64) -> Outcome {
    Ok(Value::Float(compute(arguments.float()?)))
}

fn failed(error: ArithmeticError) -> Failure {
    Failure::invalid(error.to_string())
}

fn abs(arguments: &mut Arguments<'_>) -> Outcome {
    match arguments.number()? {
        Value::Int(int) => int.checked_abs().map(Value::Int).ok_or_else(|| failed(ArithmeticError::Overflow)),
        Value::Decimal(decimal) => Ok(Value::Decimal(decimal.abs())),
        other => Ok(Value::Float(float(&other).unwrap_or(f64::NAN).abs())),
    }
}

/// Ints stay as they are, floats stay floats and decimals decimals.
fn rounded(arguments: &mut Arguments<'_>, of_float: fn(f64) -> f64, of_decimal: fn(&Decimal) -> Decimal) -> Outcome {
    Ok(match arguments.number()? {
        Value::Float(float) => Value::Float(of_float(float)),
        Value::Decimal(decimal) => Value::Decimal(of_decimal(&decimal)),
        int => int,
    })
}

/// Halves away from zero, as floats are rounded.
fn round_decimal(decimal: &Decimal) -> Decimal {
    decimal.round_dp_with_strategy(0, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
}

fn bottom(arguments: &mut Arguments<'_>) -> Outcome {
    let (mut numbers, count) = (arguments.numbers()?, arguments.count()?);
    numbers.sort();
    numbers.truncate(count);
    Ok(Value::Array(numbers))
}

fn top(arguments: &mut Arguments<'_>) -> Outcome {
    let (mut numbers, count) = (arguments.numbers()?, arguments.count()?);
    numbers.sort_by(|a, b| b.cmp(a));
    numbers.truncate(count);
    Ok(Value::Array(numbers))
}

fn clamp(arguments: &mut Arguments<'_>) -> Outcome {
    let (number, least, most) = (arguments.number()?, arguments.number()?, arguments.number()?);
    if least > most {
        return Err(arguments.mismatch("at least the second", "less"));
    }
    Ok(number.clamp(least, most))
}

/// A number with so many digits behind the point.
fn fixed(arguments: &mut Arguments<'_>) -> Outcome {
    let (number, digits) = (arguments.number()?, arguments.count()?);
    if digits == 0 || digits > 28 {
        return Err(arguments.mismatch("from 1 to 28", "another number"));
    }
    Ok(match number {
        Value::Float(float) => Value::Float(format!("{float:.digits$}").parse().unwrap_or(f64::NAN)),
        Value::Decimal(decimal) => {
            Value::Decimal(decimal.round_dp_with_strategy(digits as u32, rust_decimal::RoundingStrategy::MidpointAwayFromZero))
        }
        int => int,
    })
}

/// From the first to the second number, by a factor.
fn lerp(arguments: &mut Arguments<'_>) -> Outcome {
    let (from, to, by) = (arguments.float()?, arguments.float()?, arguments.float()?);
    Ok(Value::Float(from + (to - from) * by))
}

/// From the first to the second angle in degrees, the shorter way round.
fn lerpangle(arguments: &mut Arguments<'_>) -> Outcome {
    let (from, to, by) = (arguments.float()?, arguments.float()?, arguments.float()?);
    let way = (to - from).rem_euclid(360.0);
    let shortest = if way > 180.0 { way - 360.0 } else { way };
    Ok(Value::Float(from + shortest * by))
}

fn log(arguments: &mut Arguments<'_>) -> Outcome {
    let (number, base) = (arguments.float()?, arguments.float()?);
    Ok(Value::Float(number.log(base)))
}

fn pow(arguments: &mut Arguments<'_>) -> Outcome {
    let (base, exponent) = (arguments.number()?, arguments.number()?);
    arithmetic::power(&base, &exponent).map_err(failed)
}

fn sign(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(Value::Int(arguments.number()?.cmp(&Value::Int(0)) as i64))
}

/// -inf of nothing, so that it is the least of all.
fn max(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(arguments.numbers()?.into_iter().max().unwrap_or(Value::Float(f64::NEG_INFINITY)))
}

fn min(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(arguments.numbers()?.into_iter().min().unwrap_or(Value::Float(f64::INFINITY)))
}

fn spread(arguments: &mut Arguments<'_>) -> Outcome {
    let numbers = arguments.numbers()?;
    match (numbers.iter().max(), numbers.iter().min()) {
        (Some(max), Some(min)) => arithmetic::subtract(max, min).map_err(failed),
        _ => Ok(Value::Float(f64::NAN)),
    }
}

fn product(arguments: &mut Arguments<'_>) -> Outcome {
    let mut product = Value::Int(1);
    for number in arguments.numbers()? {
        product = arithmetic::multiply(&product, &number).map_err(failed)?;
    }
    Ok(product)
}

/// A float, or a decimal where one is among the numbers; NaN of nothing.
fn mean(arguments: &mut Arguments<'_>) -> Outcome {
    let numbers = arguments.numbers()?;
    if numbers.iter().any(|number| matches!(number, Value::Decimal(_))) {
        return arithmetic::divide(&array::sum(&numbers)?, &Value::Int(numbers.len() as i64)).map_err(failed);
    }
    let floats: Vec<f64> = numbers.iter().filter_map(float).collect();
    Ok(Value::Float(mean_of(&floats)))
}

fn mean_of(floats: &[f64]) -> f64 {
    floats.iter().sum::<f64>() / floats.len() as f64
}

/// The middle one, or the mean of the two in the middle; NONE of nothing.
fn median(arguments: &mut Arguments<'_>) -> Outcome {
    let mut numbers = arguments.numbers()?;
    numbers.sort();
    let middle = numbers.len() / 2;
    Ok(match numbers.len() {
        0 => Value::None,
        odd if odd % 2 == 1 => numbers.swap_remove(middle),
        _ => Value::Float([&numbers[middle - 1], &numbers[middle]].into_iter().filter_map(float).sum::<f64>() / 2.0),
    })
}

/// The most frequent one, of several the greatest; NaN of nothing.
fn mode(arguments: &mut Arguments<'_>) -> Outcome {
    let mut counts: BTreeMap<Value, usize> = BTreeMap::new();
    for number in arguments.numbers()? {
        *counts.entry(number).or_default() += 1;
    }
    Ok(counts.into_iter().max_by_key(|(_, count)| *count).map_or(Value::Float(f64::NAN), |(number, _)| number))
}

fn share(arguments: &mut Arguments<'_>) -> Result<f64, Failure> {
    let percent = arguments.float()?;
    if (0.0..=100.0).contains(&percent) {
        Ok(percent / 100.0)
    } else {
        Err(arguments.mismatch("from 0 to 100", "another number"))
    }
}

/// The least number at or below which so many percent of them are.
fn nearest_rank(arguments: &mut Arguments<'_>) -> Outcome {
    let (mut numbers, share) = (arguments.numbers()?, share(arguments)?);
    numbers.sort();
    let rank = (numbers.len() as f64 * share).ceil().max(1.0) as usize;
    Ok(numbers.into_iter().nth(rank - 1).unwrap_or(Value::Float(f64::NAN)))
}

/// The number below which so many percent are, in between of two by how near it is to each.
fn percentile(arguments: &mut Arguments<'_>) -> Outcome {
    let (mut floats, share) = (arguments.floats()?, share(arguments)?);
    floats.sort_by(f64::total_cmp);
    Ok(Value::Float(quantile(&floats, share)))
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = last as f64 * share;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * place.fract()
}

fn of_quartiles(arguments: &mut Arguments<'_>, compute: fn([f64; 3]) -> f64) -> Outcome {
    let mut floats = arguments.floats()?;
    floats.sort_by(f64::total_cmp);
    Ok(Value::Float(compute([0.25, 0.5, 0.75].map(|share| quantile(&floats, share)))))
}

/// Of a sample: the squares of the distances to the mean, divided by one less than there are; 0 of one number, NaN of none.
fn variance_of(floats: &[f64]) -> f64 {
    if floats.len() == 1 {
        return 0.0;
    }
    let mean = mean_of(floats);
    floats.iter().map(|float| (float - mean).powi(2)).sum::<f64>() / (floats.len() as f64 - 1.0)
}
