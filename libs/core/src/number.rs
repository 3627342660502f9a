//! Numbers compared by exact value across int, float and decimal.
use std::cmp::Ordering;

use crate::{Decimal, Value};

const SIGN: u64 = 1 << 63;
/// 2^63 and 2^97 as floats: every int is below the first, every decimal's magnitude below the second.
const INT_LIMIT: f64 = 9_223_372_036_854_775_808.0;
const DECIMAL_LIMIT: f64 = 158_456_325_028_528_675_187_087_900_672.0;
/// Below the smallest magnitude that a decimal can have.
const DECIMAL_GRAIN: f64 = 1e-29;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    Int(i64),
    Float(f64),
    Decimal(Decimal),
}

impl Number {
    pub(crate) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Int(int) => Some(Self::Int(*int)),
            Value::Float(float) => Some(Self::Float(*float)),
            Value::Decimal(decimal) => Some(Self::Decimal(*decimal)),
            _ => None,
        }
    }
}

pub(crate) fn cmp(a: Number, b: Number) -> Ordering {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => a.cmp(&b),
        (Number::Float(a), Number::Float(b)) => cmp_floats(a, b),
        (Number::Decimal(a), Number::Decimal(b)) => cmp_decimals(a, b),
        (Number::Int(a), Number::Float(b)) => cmp_int_float(a, b),
        (Number::Float(a), Number::Int(b)) => cmp_int_float(b, a).reverse(),
        (Number::Int(a), Number::Decimal(b)) => cmp_decimals(Decimal::from(a), b),
        (Number::Decimal(a), Number::Int(b)) => cmp_decimals(a, Decimal::from(b)),
        (Number::Decimal(a), Number::Float(b)) => cmp_decimal_float(a, b),
        (Number::Float(a), Number::Decimal(b)) => cmp_decimal_float(b, a).reverse(),
    }
}

/// NaN equals NaN and is below -inf; -0.0 equals 0.0.
pub(crate) fn cmp_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

fn cmp_int_float(a: i64, b: f64) -> Ordering {
    if b.is_nan() || b < -INT_LIMIT {
        return Ordering::Greater;
    }
    if b >= INT_LIMIT {
        return Ordering::Less;
    }
    let whole = b.trunc();
    a.cmp(&(whole as i64)).then_with(|| cmp_floats(whole, b))
}

fn cmp_decimals(a: Decimal, b: Decimal) -> Ordering {
    let signs = signum(a).cmp(&signum(b));
    if signs.is_ne() || signum(a) == 0 {
        return signs;
    }
    let up = a.scale().max(b.scale());
    let a_magnitude = Wide::product(magnitude(a), ten_to(up - a.scale()));
    let b_magnitude = Wide::product(magnitude(b), ten_to(up - b.scale()));
    by_sign(signum(a), a_magnitude.cmp(&b_magnitude))
}

fn cmp_decimal_float(a: Decimal, b: f64) -> Ordering {
    if b.is_nan() {
        return Ordering::Greater;
    }
    let b_sign = if b == 0.0 { 0 } else { b.signum() as i32 };
    let signs = signum(a).cmp(&b_sign);
    if signs.is_ne() || b_sign == 0 {
        return signs;
    }
    let b_magnitude = b.abs();
    let magnitudes = if b_magnitude >= DECIMAL_LIMIT {
        Ordering::Less
    } else if b_magnitude < DECIMAL_GRAIN {
        Ordering::Greater
    } else {
        // a = mantissa / 10^scale and b = significand * 2^exponent with -149 <= exponent <= 44: both sides of
        // mantissa * 2^-exponent <> significand * 10^scale stay below 2^246.
        let (significand, exponent) = split(b_magnitude);
        let left = Wide::product(magnitude(a), 1).shifted(exponent.min(0).unsigned_abs());
        let right = Wide::product(u128::from(significand), ten_to(a.scale())).shifted(exponent.max(0).unsigned_abs());
        left.cmp(&right)
    };
    by_sign(b_sign, magnitudes)
}

/// The greatest float that is not above the number, and whether it equals it. Never -0.0.
pub(crate) fn floor(number: Number) -> (f64, bool) {
    let guess = match number {
        Number::Float(float) => return (float + 0.0, true),
        Number::Int(int) => int as f64,
        Number::Decimal(decimal) => {
            signum(decimal) as f64 * (magnitude(decimal) as f64 / 10f64.powi(decimal.scale().cast_signed()))
        }
    };
    let mut floor = guess + 0.0;
    while cmp(number, Number::Float(floor)).is_lt() {
        floor = floor.next_down();
    }
    while cmp(number, Number::Float(floor.next_up())).is_ge() {
        floor = floor.next_up();
    }
    (floor, cmp(number, Number::Float(floor)).is_eq())
}

/// Of all numbers that equal this one, the one that stands in record keys: an int where there is one, else a float, else the decimal without
/// trailing zeros.
pub(crate) fn normal(number: Number) -> Value {
    if let Some(int) = whole(number) {
        return Value::Int(int);
    }
    match (floor(number), number) {
        ((float, true), _) => Value::Float(float),
        ((_, false), Number::Decimal(decimal)) => Value::Decimal(decimal.normalize()),
        ((_, false), Number::Int(_) | Number::Float(_)) => unreachable!("an int is whole and a float is its own floor"),
    }
}

fn whole(number: Number) -> Option<i64> {
    match number {
        Number::Int(int) => Some(int),
        Number::Float(float) => (float.trunc() == float && (-INT_LIMIT..INT_LIMIT).contains(&float)).then_some(float as i64),
        Number::Decimal(decimal) => {
            let decimal = decimal.normalize();
            if decimal.scale() == 0 { i64::try_from(decimal.mantissa()).ok() } else { None }
        }
    }
}

/// The float of [`ordered_bits`].
pub(crate) fn of_ordered_bits(bits: u64) -> f64 {
    if bits == 0 {
        return f64::NAN;
    }
    f64::from_bits(if bits & SIGN == 0 { !bits } else { bits ^ SIGN })
}

/// Bits that are ordered as [`cmp_floats`] orders floats: all zeros for NaN, the same for both zeros.
pub(crate) fn ordered_bits(float: f64) -> u64 {
    if float.is_nan() {
        return 0;
    }
    let bits = (float + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// -1, 0 or 1. A decimal's zero may carry a sign, which has no meaning.
pub(crate) fn signum(decimal: Decimal) -> i32 {
    match (decimal.is_zero(), decimal.is_sign_negative()) {
        (true, _) => 0,
        (false, true) => -1,
        (false, false) => 1,
    }
}

pub(crate) fn magnitude(decimal: Decimal) -> u128 {
    decimal.mantissa().unsigned_abs()
}

fn by_sign(sign: i32, magnitudes: Ordering) -> Ordering {
    if sign < 0 { magnitudes.reverse() } else { magnitudes }
}

/// A positive finite float as significand * 2^exponent.
fn split(float: f64) -> (u64, i32) {
    let bits = float.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52) as i32 {
        0 => (fraction, -1074),
        exponent => (fraction | 1 << 52, exponent - 1075),
    }
}

fn ten_to(power: u32) -> u128 {
    10u128.pow(power)
}

/// 256 bits, most significant half first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Wide(u128, u128);

impl Wide {
    fn product(a: u128, b: u128) -> Self {
        const LOW: u128 = u64::MAX as u128;
        let (a1, a0, b1, b0) = (a >> 64, a & LOW, b >> 64, b & LOW);
        let low = a0 * b0;
        let middle = a1 * b0 + (low >> 64);
        let other = a0 * b1 + (middle & LOW);
        Self(a1 * b1 + (middle >> 64) + (other >> 64), (other << 64) | (low & LOW))
    }

    fn shifted(self, by: u32) -> Self {
        match by {
            0 => self,
            1..128 => Self(self.0 << by | self.1 >> (128 - by), self.1 << by),
            _ => Self(self.1 << (by - 128), 0),
        }
    }
}
