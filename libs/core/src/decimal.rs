//! Decimals as text, without loss: the scale stays, `1.50` is not `1.5`.
use crate::Decimal;

const MAX_SCALE: usize = 28;
/// A decimal's coefficient has 96 bits.
const MAX_COEFFICIENT: u128 = (1 << 96) - 1;

/// Digits with a point where the scale is not 0; never an exponent.
pub(crate) fn print(decimal: Decimal) -> String {
    let scale = decimal.scale() as usize;
    let digits = format!("{:0width$}", crate::number::magnitude(decimal), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if decimal.is_sign_negative() { "-" } else { "" };
    let point = if scale == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

/// What [`print`] writes, and the same with a `+` or without digits before or after the point. None where it does not fit exactly.
pub(crate) fn parse(text: &str) -> Option<Decimal> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.len() > MAX_SCALE {
        return None;
    }
    let mut coefficient = 0u128;
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = digit.is_ascii_digit().then(|| u128::from(digit - b'0'))?;
        coefficient = coefficient * 10 + digit;
        if coefficient > MAX_COEFFICIENT {
            return None;
        }
    }
    build(coefficient, fraction.len() as u32, negative)
}

/// The decimal `±coefficient / 10^scale`; None beyond 96 bits or a scale of 28. Keeps the sign of a zero.
pub(crate) fn build(coefficient: u128, scale: u32, negative: bool) -> Option<Decimal> {
    if coefficient > MAX_COEFFICIENT || scale as usize > MAX_SCALE {
        return None;
    }
    let (low, middle, high) = (coefficient as u32, (coefficient >> 32) as u32, (coefficient >> 64) as u32);
    let mut decimal = Decimal::from_parts(low, middle, high, false, scale);
    decimal.set_sign_negative(negative);
    Some(decimal)
}
