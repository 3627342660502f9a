//! Arithmetic of values: the one place, for expressions and for the operators of bodies.
use std::fmt;

use ddb_core::{Datetime, Decimal, Duration, Value};

const NANOSECONDS_PER_SECOND: i128 = 1_000_000_000;

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithmeticError {
    /// The operator is not made for these kinds.
    Kinds(&'static str, &'static str),
    /// The result is beyond what its kind can hold.
    Overflow,
    /// `1 % 0`
    DivisionByZero,
    /// A duration is never negative.
    NegativeDuration,
    /// `2 ** -1` of ints.
    NegativeExponent,
}

impl fmt::Display for ArithmeticError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kinds(left, right) => write!(f, "not known for {left} and {right}"),
            Self::Overflow => f.write_str("the result is beyond the range of its kind"),
            Self::DivisionByZero => f.write_str("division by zero"),
            Self::NegativeDuration => f.write_str("a duration cannot be negative"),
            Self::NegativeExponent => f.write_str("an int has no negative power that is an int"),
        }
    }
}

type Outcome = Result<Value, ArithmeticError>;

/// Two numbers as operators see them: ints stay ints, any decimal makes decimals, any float otherwise floats.
enum Pair {
    Ints(i64, i64),
    Floats(f64, f64),
    Decimals(Decimal, Decimal),
}

/// None where one is no number.
fn pair(a: &Value, b: &Value) -> Option<Result<Pair, ArithmeticError>> {
    let pair = match (a, b) {
        (Value::Int(a), Value::Int(b)) => Pair::Ints(*a, *b),
        (Value::Int(a), Value::Float(b)) => Pair::Floats(*a as f64, *b),
        (Value::Float(a), Value::Int(b)) => Pair::Floats(*a, *b as f64),
        (Value::Float(a), Value::Float(b)) => Pair::Floats(*a, *b),
        (Value::Decimal(_), _) | (_, Value::Decimal(_)) => {
            return match (decimal(a)?, decimal(b)?) {
                (Ok(a), Ok(b)) => Some(Ok(Pair::Decimals(a, b))),
                (Err(error), _) | (_, Err(error)) => Some(Err(error)),
            };
        }
        _ => return None,
    };
    Some(Ok(pair))
}

/// A number as a decimal: a float to the digits that it is written with.
fn decimal(value: &Value) -> Option<Result<Decimal, ArithmeticError>> {
    match value {
        Value::Int(int) => Some(Ok((*int).into())),
        Value::Decimal(decimal) => Some(Ok(*decimal)),
        Value::Float(float) => Some(Decimal::try_from(*float).map_err(|_| ArithmeticError::Overflow)),
        _ => None,
    }
}

fn kinds<T>(a: &Value, b: &Value) -> Result<T, ArithmeticError> {
    Err(ArithmeticError::Kinds(a.kind_name(), b.kind_name()))
}

fn int(result: Option<i64>) -> Outcome {
    result.map(Value::Int).ok_or(ArithmeticError::Overflow)
}

fn exact(result: Option<Decimal>) -> Outcome {
    result.map(Value::Decimal).ok_or(ArithmeticError::Overflow)
}

/// `a + b`: sums of numbers, durations and times; strings and arrays one behind the other; sets and objects merged.
pub fn add(a: &Value, b: &Value) -> Outcome {
    if let Some(pair) = pair(a, b) {
        return match pair? {
            Pair::Ints(a, b) => int(a.checked_add(b)),
            Pair::Floats(a, b) => Ok(Value::Float(a + b)),
            Pair::Decimals(a, b) => exact(a.checked_add(b)),
        };
    }
    match (a, b) {
        (Value::String(a), Value::String(b)) => Ok(Value::String([a.as_str(), b].concat())),
        (Value::Array(a), Value::Array(b)) => Ok(Value::Array([a.as_slice(), b].concat())),
        (Value::Set(a), Value::Set(b)) => Ok(Value::set([a.as_slice(), b].concat())),
        (Value::Object(a), Value::Object(b)) => {
            let mut merged = a.clone();
            merged.extend(b.iter().map(|(key, value)| (key.clone(), value.clone())));
            Ok(Value::Object(merged))
        }
        (Value::Bytes(a), Value::Bytes(b)) => Ok(Value::Bytes([a.as_slice(), b].concat())),
        (Value::Duration(a), Value::Duration(b)) => duration(nanoseconds(*a)? + nanoseconds(*b)?),
        (Value::Datetime(time), Value::Duration(by)) | (Value::Duration(by), Value::Datetime(time)) => {
            datetime(instant(*time) + nanoseconds(*by)?)
        }
        _ => kinds(a, b),
    }
}

/// `a - b`: differences of numbers, durations and times; an array or a set without the items of another.
pub fn subtract(a: &Value, b: &Value) -> Outcome {
    if let Some(pair) = pair(a, b) {
        return match pair? {
            Pair::Ints(a, b) => int(a.checked_sub(b)),
            Pair::Floats(a, b) => Ok(Value::Float(a - b)),
            Pair::Decimals(a, b) => exact(a.checked_sub(b)),
        };
    }
    match (a, b) {
        (Value::Array(a), Value::Array(b) | Value::Set(b)) => Ok(Value::Array(without(a, b))),
        (Value::Set(a), Value::Set(b) | Value::Array(b)) => Ok(Value::Set(without(a, b))),
        (Value::Duration(a), Value::Duration(b)) => duration(nanoseconds(*a)? - nanoseconds(*b)?),
        (Value::Datetime(a), Value::Datetime(b)) => duration(instant(*a) - instant(*b)),
        (Value::Datetime(time), Value::Duration(by)) => datetime(instant(*time) - nanoseconds(*by)?),
        _ => kinds(a, b),
    }
}

fn without(items: &[Value], removed: &[Value]) -> Vec<Value> {
    let mut removed: Vec<&Value> = removed.iter().collect();
    removed.sort();
    items.iter().filter(|item| removed.binary_search(item).is_err()).cloned().collect()
}

/// `a * b`: products of numbers; a duration so many times.
pub fn multiply(a: &Value, b: &Value) -> Outcome {
    if let Some(pair) = pair(a, b) {
        return match pair? {
            Pair::Ints(a, b) => int(a.checked_mul(b)),
            Pair::Floats(a, b) => Ok(Value::Float(a * b)),
            Pair::Decimals(a, b) => exact(a.checked_mul(b)),
        };
    }
    match (a, b) {
        (Value::Duration(length), Value::Int(times)) | (Value::Int(times), Value::Duration(length)) => {
            duration(nanoseconds(*length)?.checked_mul(i128::from(*times)).ok_or(ArithmeticError::Overflow)?)
        }
        (Value::Duration(length), Value::Float(times)) | (Value::Float(times), Value::Duration(length)) => {
            scaled(*length, *times)
        }
        _ => kinds(a, b),
    }
}

/// `a / b`: ints are cut off towards zero; the quotient of a number and the int or decimal 0 is NaN; a duration's part, and how often
/// one duration is in another.
pub fn divide(a: &Value, b: &Value) -> Outcome {
    if let Some(pair) = pair(a, b) {
        return match pair? {
            Pair::Ints(_, 0) => Ok(Value::Float(f64::NAN)),
            Pair::Ints(a, b) => int(a.checked_div(b)),
            Pair::Floats(a, b) => Ok(Value::Float(a / b)),
            Pair::Decimals(_, b) if b.is_zero() => Ok(Value::Float(f64::NAN)),
            Pair::Decimals(a, b) => exact(a.checked_div(b).map(|quotient| quotient.normalize())),
        };
    }
    match (a, b) {
        (Value::Duration(length), Value::Int(parts)) if *parts != 0 => duration(nanoseconds(*length)? / i128::from(*parts)),
        (Value::Duration(length), Value::Float(parts)) => scaled(*length, 1.0 / parts),
        (Value::Duration(_), Value::Int(_)) => Err(ArithmeticError::DivisionByZero),
        (Value::Duration(a), Value::Duration(b)) => Ok(Value::Float(a.as_nanoseconds() as f64 / b.as_nanoseconds() as f64)),
        _ => kinds(a, b),
    }
}

/// `a % b`, with the sign of `a`.
pub fn remainder(a: &Value, b: &Value) -> Outcome {
    let Some(pair) = pair(a, b) else { return kinds(a, b) };
    match pair? {
        Pair::Ints(_, 0) => Err(ArithmeticError::DivisionByZero),
        Pair::Ints(a, b) => Ok(Value::Int(a.wrapping_rem(b))),
        Pair::Floats(a, b) => Ok(Value::Float(a % b)),
        Pair::Decimals(_, b) if b.is_zero() => Err(ArithmeticError::DivisionByZero),
        Pair::Decimals(a, b) => exact(a.checked_rem(b)),
    }
}

/// `a ** b`: of ints and of a decimal and an int exactly, otherwise a float.
pub fn power(a: &Value, b: &Value) -> Outcome {
    match (a, b) {
        (Value::Int(_), Value::Int(exponent)) if *exponent < 0 => Err(ArithmeticError::NegativeExponent),
        (Value::Int(0 | 1), Value::Int(0)) => Ok(Value::Int(1)),
        (Value::Int(base @ (0 | 1)), Value::Int(_)) => Ok(Value::Int(*base)),
        (Value::Int(-1), Value::Int(exponent)) => Ok(Value::Int(if exponent % 2 == 0 { 1 } else { -1 })),
        (Value::Int(base), Value::Int(exponent)) => {
            int(u32::try_from(*exponent).ok().and_then(|exponent| base.checked_pow(exponent)))
        }
        (Value::Decimal(base), Value::Int(exponent)) => exact(decimal_power(*base, *exponent)),
        _ => match (float(a), float(b)) {
            (Some(a), Some(b)) => Ok(Value::Float(a.powf(b))),
            _ => kinds(a, b),
        },
    }
}

fn decimal_power(base: Decimal, exponent: i64) -> Option<Decimal> {
    let mut result = Decimal::ONE;
    let mut square = base;
    let mut rest = exponent.unsigned_abs();
    while rest > 0 {
        if rest & 1 == 1 {
            result = result.checked_mul(square)?;
        }
        rest >>= 1;
        if rest > 0 {
            square = square.checked_mul(square)?;
        }
    }
    if exponent < 0 { Decimal::ONE.checked_div(result) } else { Some(result) }
}

/// `-a`
pub fn negate(a: &Value) -> Outcome {
    match a {
        Value::Int(value) => int(value.checked_neg()),
        Value::Float(float) => Ok(Value::Float(-float)),
        Value::Decimal(decimal) => Ok(Value::Decimal(-decimal)),
        Value::Duration(_) => Err(ArithmeticError::NegativeDuration),
        other => kinds(other, other),
    }
}

/// A number as the nearest float.
pub(crate) fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Int(int) => Some(*int as f64),
        Value::Float(float) => Some(*float),
        // A decimal's text reads as the nearest float, which its own conversion does not always give.
        Value::Decimal(decimal) => decimal.to_string().parse().ok(),
        _ => None,
    }
}

fn nanoseconds(duration: Duration) -> Result<i128, ArithmeticError> {
    i128::try_from(duration.as_nanoseconds()).map_err(|_| ArithmeticError::Overflow)
}

fn duration(nanoseconds: i128) -> Outcome {
    let nanoseconds = u128::try_from(nanoseconds).map_err(|_| ArithmeticError::NegativeDuration)?;
    Duration::from_nanoseconds(nanoseconds).map(Value::Duration).ok_or(ArithmeticError::Overflow)
}

fn scaled(length: Duration, by: f64) -> Outcome {
    let nanoseconds = length.as_nanoseconds() as f64 * by;
    if nanoseconds.is_nan() || nanoseconds >= i128::MAX as f64 {
        return Err(ArithmeticError::Overflow);
    }
    duration(nanoseconds.round() as i128)
}

/// Nanoseconds since 1970.
pub(crate) fn instant(time: Datetime) -> i128 {
    i128::from(time.seconds) * NANOSECONDS_PER_SECOND + i128::from(time.nanoseconds)
}

/// The time so many nanoseconds after 1970.
pub(crate) fn datetime(nanoseconds: i128) -> Outcome {
    let seconds = i64::try_from(nanoseconds.div_euclid(NANOSECONDS_PER_SECOND)).map_err(|_| ArithmeticError::Overflow)?;
    let nanoseconds = nanoseconds.rem_euclid(NANOSECONDS_PER_SECOND) as u32;
    Ok(Value::Datetime(Datetime { seconds, nanoseconds }))
}
