//! Orders of strings for readers; the language's own order is bytewise.
use std::cmp::Ordering;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Letters without their accents, small.
pub(super) fn folded(text: &str) -> impl Iterator<Item = char> {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase)
}

pub(super) fn lexical(a: &str, b: &str) -> Ordering {
    folded(a).cmp(folded(b)).then_with(|| a.cmp(b))
}

/// Runs of digits are compared as numbers, everything else bytewise.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut rest_a, mut rest_b) = (a, b);
    loop {
        let (run_a, after_a) = run(rest_a);
        let (run_b, after_b) = run(rest_b);
        let is_number = |run: &str| run.starts_with(|c: char| c.is_ascii_digit());
        let ordering = match (is_number(run_a), is_number(run_b)) {
            (true, true) => {
                let (digits_a, digits_b) = (run_a.trim_start_matches('0'), run_b.trim_start_matches('0'));
                digits_a.len().cmp(&digits_b.len()).then_with(|| digits_a.cmp(digits_b))
            }
            _ => run_a.cmp(run_b),
        };
        if ordering.is_ne() {
            return ordering;
        }
        if run_a.is_empty() && run_b.is_empty() {
            return a.cmp(b);
        }
        (rest_a, rest_b) = (after_a, after_b);
    }
}

/// The digits, or what is none, that a text begins with; and the rest.
fn run(text: &str) -> (&str, &str) {
    let is_digits = text.starts_with(|c: char| c.is_ascii_digit());
    text.split_at(text.find(|c: char| c.is_ascii_digit() != is_digits).unwrap_or(text.len()))
}
