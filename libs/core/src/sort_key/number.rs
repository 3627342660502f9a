//! Numbers: eight ordered bytes of the greatest float f <= v, then 00 if v = f, else 01 and v's decimal digits.
//!
//! Why this orders exactly. `floor` is monotonic: u < v gives floor(u) <= floor(v), and where the floors differ the eight bytes decide,
//! rightly. Where they are the same f, both are in [f, next(f)), so both have the same sign, and: if u = f, then v > f and 00 < 01
//! decides; otherwise both are written as digits, and those are ordered as the values: of positive numbers 0.d1d2d3… * 10^e with d1 > 0
//! the greater e is the greater, and at equal e the digits decide from left to right, the shorter (which ends with 00, less than every
//! pair of digits) first; of negative ones all these bytes are inverted. Equal values have the same floor and the same digits, because
//! trailing zeros are left out.
use crate::Decimal;
use crate::number::{Number, floor, magnitude, of_ordered_bits, ordered_bits};

const EQUAL: u8 = 0x00;
const GREATER: u8 = 0x01;
const EXPONENT_BIAS: i32 = 0x80;
const DIGITS_END: u8 = 0x00;

pub(super) fn write(number: Number, out: &mut Vec<u8>) {
    let (floor, equal) = floor(number);
    out.extend_from_slice(&ordered_bits(floor).to_be_bytes());
    if equal {
        out.push(EQUAL);
        return;
    }
    let (coefficient, scale, negative) = match number {
        Number::Int(int) => (u128::from(int.unsigned_abs()), 0, int < 0),
        Number::Decimal(decimal) => (magnitude(decimal), decimal.scale(), decimal.is_sign_negative()),
        Number::Float(_) => unreachable!("a float is its own floor"),
    };
    out.push(GREATER);
    let start = out.len();
    write_digits(coefficient, scale, out);
    if negative {
        super::invert(&mut out[start..]);
    }
}

/// The exponent with its bias, pairs of digits plus one, 00.
fn write_digits(coefficient: u128, scale: u32, out: &mut Vec<u8>) {
    let digits = coefficient.to_string();
    let exponent = digits.len() as i32 - scale.cast_signed() + EXPONENT_BIAS;
    out.push(u8::try_from(exponent).expect("a decimal's exponent lies between -27 and 29"));
    for pair in digits.trim_end_matches('0').as_bytes().chunks(2) {
        let tens = pair[0] - b'0';
        let ones = pair.get(1).map_or(0, |digit| digit - b'0');
        out.push(tens * 10 + ones + 1);
    }
    out.push(DIGITS_END);
}

/// A number that is written so, as a float or as a decimal, and the bytes behind it; None where none is.
pub(super) fn read(bytes: &[u8]) -> Option<(Number, &[u8])> {
    let (floor, rest) = bytes.split_first_chunk::<8>()?;
    let floor = u64::from_be_bytes(*floor);
    let (mark, rest) = rest.split_first()?;
    match *mark {
        EQUAL => Some((Number::Float(of_ordered_bits(floor)), rest)),
        GREATER => {
            let negative = of_ordered_bits(floor).is_sign_negative();
            let mask = if negative { 0xFF } else { 0x00 };
            let end = rest.iter().position(|byte| byte ^ mask == DIGITS_END)?;
            let digits: Vec<u8> = rest[..end].iter().map(|byte| byte ^ mask).collect();
            Some((Number::Decimal(read_digits(&digits, negative)?), &rest[end + 1..]))
        }
        _ => None,
    }
}

/// What [`write_digits`] wrote, without its end.
fn read_digits(bytes: &[u8], negative: bool) -> Option<Decimal> {
    let (exponent, pairs) = bytes.split_first()?;
    let mut coefficient = 0u128;
    for pair in pairs {
        coefficient = coefficient.checked_mul(100)?.checked_add(u128::from(pair.checked_sub(1)?))?;
    }
    // A decimal has at most 29 digits, 15 pairs.
    let places = i32::try_from(2 * pairs.len()).ok()? - (i32::from(*exponent) - EXPONENT_BIAS);
    // The last pair may end with a digit that was filled up.
    let (coefficient, places) =
        if coefficient.is_multiple_of(10) { (coefficient / 10, places - 1) } else { (coefficient, places) };
    match u32::try_from(places) {
        Ok(scale) => crate::decimal::build(coefficient, scale, negative),
        Err(_) => {
            let power = 10u128.checked_pow(places.unsigned_abs())?;
            crate::decimal::build(coefficient.checked_mul(power)?, 0, negative)
        }
    }
}
