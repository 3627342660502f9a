//! What begins with a digit: numbers, durations, distances, and parts of record ids.
use ddb_core::{Decimal, Duration};

use super::Tokenizer;
use crate::syntax_error::Problem;
use crate::token::{Number, TokenKind};

/// Units of length in metres. `m` is minutes.
const DISTANCES: [(&str, f64); 3] = [("km", 1_000.0), ("mi", 1_609.344), ("ft", 0.304_8)];

impl<'a> Tokenizer<'a> {
    pub(super) fn number(&mut self) -> Result<TokenKind<'a>, Problem> {
        let from = self.place();
        let text = self.advance(length(self.rest()));
        let has_point = text.contains('.');
        match read(text) {
            Some(kind) => Ok(kind),
            None if has_point => Err(Problem::invalid(from, format!("`{}` is no number", crate::token::shown(text)))),
            None => Ok(TokenKind::Alphanumeric(text)),
        }
    }
}

/// Letters and digits, a fraction (`1.5`, but not the `1` of `1..2` and `1.abs()`), an exponent with its sign.
fn length(text: &str) -> usize {
    let run = |from: usize| text[from..].find(|c: char| !c.is_alphanumeric() && c != '_').map_or(text.len(), |end| from + end);
    let digit_at = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let mut end = run(0);
    if text[end..].starts_with('.') && digit_at(end + 1) && text[..end].bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
    {
        end = run(end + 1);
    }
    let mantissa = text[..end].strip_suffix(['e', 'E']);
    let is_mantissa = mantissa.is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'.')));
    if is_mantissa && text[end..].starts_with(['+', '-']) && digit_at(end + 1) {
        end = run(end + 1);
    }
    end
}

fn read(text: &str) -> Option<TokenKind<'static>> {
    let plain = without_underscores(text)?;
    let number = |number| Some(TokenKind::Number(number));
    if plain.bytes().all(|byte| byte.is_ascii_digit()) {
        return plain.parse().ok().map(|int| TokenKind::Number(Number::Int(int)));
    }
    if let Some(digits) = plain.strip_suffix("dec") {
        return is_positional(digits)
            .then(|| Decimal::from_str_exact(digits).ok())?
            .map(|decimal| TokenKind::Number(Number::Decimal(decimal)));
    }
    let digits = plain.strip_suffix('f').unwrap_or(&plain);
    if is_float(digits) {
        return digits.parse().ok().filter(|float: &f64| float.is_finite()).and_then(|float| number(Number::Float(float)));
    }
    for (unit, metres) in DISTANCES {
        if let Some(digits) = plain.strip_suffix(unit).filter(|digits| is_positional(digits)) {
            let distance = digits.parse::<f64>().ok()? * metres;
            let whole = digits.parse::<u64>().ok().filter(|_| unit == "km").and_then(|whole| whole.checked_mul(1_000));
            return number(whole.map_or(Number::Float(distance), Number::Int));
        }
    }
    Duration::parse(&plain).ok().map(TokenKind::Duration)
}

/// `1_000` as `1000`; an underscore stands between digits only.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let misplaced = |at: usize| bytes[at] == b'_' && !(at > 0 && is_digit(at - 1) && is_digit(at + 1));
    if (0..bytes.len()).any(misplaced) { None } else { Some(text.replace('_', "")) }
}

fn is_positional(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && text.starts_with(|c: char| c.is_ascii_digit())
}

/// Digits with a point, an exponent or neither.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    is_positional(mantissa) && !exponent.is_empty() && exponent.bytes().all(|byte| byte.is_ascii_digit())
}
