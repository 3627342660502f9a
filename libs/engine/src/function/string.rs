//! Strings. Positions and lengths count characters.
mod distance;
mod predicate;
mod semver;

use ddb_core::Value;

pub(super) use predicate::is_domain;

use super::{Arguments, Function, Outcome, array, collation, function};
use crate::cast;
use crate::problem::Failure;

pub(super) const FUNCTIONS: &[&[Function]] = &[PLAIN, distance::FUNCTIONS, predicate::FUNCTIONS, semver::FUNCTIONS];

const PLAIN: &[Function] = &[
    function("string::capitalize", 1, 1, capitalize),
    function("string::concat", 0, usize::MAX, concat),
    function("string::contains", 2, 2, |arguments| {
        let (text, part) = (arguments.text()?, arguments.text()?);
        Ok(Value::Bool(text.contains(&part)))
    }),
    function("string::ends_with", 2, 2, |arguments| {
        let (text, end) = (arguments.text()?, arguments.text()?);
        Ok(Value::Bool(text.ends_with(&end)))
    }),
    function("string::html::encode", 1, 1, html_encode),
    function("string::join", 1, usize::MAX, join),
    function("string::len", 1, 1, |arguments| Ok(Value::Int(arguments.text()?.chars().count() as i64))),
    function("string::lowercase", 1, 1, |arguments| Ok(Value::String(arguments.text()?.to_lowercase()))),
    function("string::matches", 2, 2, matches),
    function("string::repeat", 2, 2, repeat),
    function("string::replace", 3, 3, replace),
    function("string::reverse", 1, 1, |arguments| Ok(Value::String(arguments.text()?.chars().rev().collect()))),
    function("string::slice", 1, 3, slice),
    function("string::slug", 1, 1, slug),
    function("string::split", 2, 2, split),
    function("string::starts_with", 2, 2, |arguments| {
        let (text, start) = (arguments.text()?, arguments.text()?);
        Ok(Value::Bool(text.starts_with(&start)))
    }),
    function("string::trim", 1, 1, |arguments| Ok(Value::String(arguments.text()?.trim().to_owned()))),
    function("string::uppercase", 1, 1, |arguments| Ok(Value::String(arguments.text()?.to_uppercase()))),
    function("string::words", 1, 1, |arguments| {
        Ok(Value::Array(arguments.text()?.split_whitespace().map(Value::from).collect()))
    }),
];

/// The first letter of every word as a capital.
fn capitalize(arguments: &mut Arguments<'_>) -> Outcome {
    let text = arguments.text()?;
    let mut capitalized = String::with_capacity(text.len());
    let mut begins = true;
    for character in text.chars() {
        match begins {
            true => capitalized.extend(character.to_uppercase()),
            false => capitalized.push(character),
        }
        begins = character.is_whitespace();
    }
    Ok(Value::String(capitalized))
}

/// A value as it stands in a text: its literal form, a string without quotes.
fn part(arguments: &mut Arguments<'_>) -> Result<String, Failure> {
    let value = arguments.value()?;
    let text = cast::string(&value).ok_or_else(|| arguments.mismatch("text", "bytes that are no UTF-8"))?;
    arguments.budget().use_bytes(text.len() as u64)?;
    Ok(text)
}

fn concat(arguments: &mut Arguments<'_>) -> Outcome {
    let mut text = String::new();
    while arguments.len() > 0 {
        text.push_str(&part(arguments)?);
    }
    Ok(Value::String(text))
}

/// The first argument between all others.
fn join(arguments: &mut Arguments<'_>) -> Outcome {
    let between = arguments.text()?;
    let mut parts = Vec::with_capacity(arguments.len());
    while arguments.len() > 0 {
        parts.push(part(arguments)?);
    }
    arguments.budget().use_bytes((between.len() * parts.len()) as u64)?;
    Ok(Value::String(parts.join(&between)))
}

fn html_encode(arguments: &mut Arguments<'_>) -> Outcome {
    let text = arguments.text()?;
    let mut encoded = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => encoded.push_str("&amp;"),
            '<' => encoded.push_str("&lt;"),
            '>' => encoded.push_str("&gt;"),
            '"' => encoded.push_str("&quot;"),
            '\'' => encoded.push_str("&#39;"),
            other => encoded.push(other),
        }
    }
    arguments.budget().use_bytes(encoded.len() as u64)?;
    Ok(Value::String(encoded))
}

/// Whether a regex, or a string that is one, is found in the text.
fn matches(arguments: &mut Arguments<'_>) -> Outcome {
    let text = arguments.text()?;
    let regex = arguments.regex()?;
    arguments.budget().use_steps(text.len() as u64 / 64)?;
    Ok(Value::Bool(regex.is_match(&text)))
}

fn repeat(arguments: &mut Arguments<'_>) -> Outcome {
    let (text, count) = (arguments.text()?, arguments.count()?);
    arguments.budget().use_bytes((text.len() as u64).saturating_mul(count as u64))?;
    Ok(Value::String(text.repeat(count)))
}

/// Every occurrence of a string, or of a regex, whose groups the new text can name as `$1`.
fn replace(arguments: &mut Arguments<'_>) -> Outcome {
    let text = arguments.text()?;
    let pattern = arguments.pattern()?;
    let new = arguments.text()?;
    let occurrences = match &pattern {
        super::arguments::Pattern::Text(old) => text.matches(old.as_str()).count(),
        super::arguments::Pattern::Regex(regex) => regex.find_iter(&text).count(),
    };
    // A group can be as long as the text.
    let groups = new.matches('$').count() * usize::from(matches!(pattern, super::arguments::Pattern::Regex(_)));
    let longest = (new.len() + groups * text.len()).saturating_mul(occurrences) + text.len();
    arguments.budget().use_bytes(longest as u64)?;
    Ok(Value::String(match pattern {
        super::arguments::Pattern::Text(old) => text.replace(&old, &new),
        super::arguments::Pattern::Regex(regex) => regex.replace_all(&text, new.as_str()).into_owned(),
    }))
}

/// From a position up to another, which is left out; negative ones count from the end. A range of positions will do.
fn slice(arguments: &mut Arguments<'_>) -> Outcome {
    let text = arguments.text()?;
    let (begin, end) = array::slice_bounds(arguments, text.chars().count())?;
    Ok(Value::String(text.chars().skip(begin).take(end.saturating_sub(begin)).collect()))
}

/// Small letters without accents and digits, with a hyphen in place of everything between them.
fn slug(arguments: &mut Arguments<'_>) -> Outcome {
    let text = arguments.text()?.replace('ß', "ss").replace(['æ', 'Æ'], "ae").replace(['ø', 'Ø'], "o").replace(['œ', 'Œ'], "oe");
    let mut slug = String::with_capacity(text.len());
    for character in collation::folded(&text) {
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    Ok(Value::String(slug))
}

fn split(arguments: &mut Arguments<'_>) -> Outcome {
    let (text, between) = (arguments.text()?, arguments.text()?);
    arguments.budget().use_bytes((text.matches(&between).count() as u64 + 1) * size_of::<Value>() as u64)?;
    Ok(Value::Array(text.split(&between).map(Value::from).collect()))
}
