//! What holds for every tree and every text.
use ddb_core::{Bound, Geometry, RecordKey, Value};
use ddb_darshjql::{parse_expression, parse_path, parse_value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::coverage::{Coverage, run};
use crate::{trees, values};

// Mutant: write_within without its brackets.
#[test]
fn what_is_printed_reads_back_as_the_same_tree() {
    let coverage = Coverage::default();
    run(trees::expr(), |tree| {
        let printed = tree.to_string();
        let read = parse_expression(&printed).map_err(|error| TestCaseError::fail(format!("{printed}\n{error}")))?;
        prop_assert!(read == tree, "{} is read as {}", printed, read);
        prop_assert_eq!(read.to_string(), printed);
        coverage.case(trees::kinds(&tree));
        Ok(())
    });
    coverage.require("printed trees", &trees::ALL);
}

/// Kinds that have no literal of their own: names of tables, geometries other than points, infinities inside of other values.
fn has_literal(value: &Value) -> bool {
    let in_bound = |bound: &Bound| match bound {
        Bound::Unbounded => true,
        Bound::Included(value) | Bound::Excluded(value) => has_literal(value),
    };
    match value {
        Value::Table(_) => false,
        Value::Geometry(geometry) => matches!(geometry, Geometry::Point((x, y)) if x.is_finite() && y.is_finite()),
        Value::Float(float) => !float.is_infinite(),
        Value::Array(items) | Value::Set(items) => items.iter().all(has_literal),
        Value::Object(object) => object.values().all(has_literal),
        Value::Range(range) => in_bound(&range.begin) && in_bound(&range.end),
        Value::Record(id) => match &id.key {
            RecordKey::Array(items) => items.iter().all(has_literal),
            RecordKey::Object(object) => object.values().all(has_literal),
            RecordKey::Int(_) | RecordKey::String(_) | RecordKey::Uuid(_) => true,
        },
        _ => true,
    }
}

// Mutant: the set of a record id without its brackets in ddb_core's literals.
#[test]
fn the_literal_form_of_a_value_reads_back_as_the_value() {
    let coverage = Coverage::default();
    run(values::value(), |value| {
        if !has_literal(&value) {
            return Ok(());
        }
        let text = value.to_string();
        let read = parse_value(&text).map_err(|error| TestCaseError::fail(format!("{text}\n{error}")))?;
        prop_assert!(read == value, "{} is read as {}", text, read);
        coverage.case(values::kinds(&value));
        Ok(())
    });
    let floors = values::ALL_KINDS.into_iter().filter(|(kind, _)| !matches!(*kind, "table" | "geometry"));
    coverage.require("literals", &floors.collect::<Vec<_>>());
}

/// Every beginning of a text, and the text with a piece of another in some place.
#[test]
fn no_text_makes_the_parser_panic() {
    let pieces = [
        "a",
        "'",
        "\"",
        "`",
        "⟨",
        "⟩",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "1",
        "1.5",
        "1h",
        "..",
        "..=",
        ">..",
        "...",
        ".",
        ",",
        ":",
        "::",
        "$",
        "$x",
        "|",
        "||",
        "/",
        "//",
        "/*",
        "*/",
        "--",
        "#",
        "<",
        ">",
        "<|",
        "->",
        "=",
        "!",
        "-",
        "+",
        "*",
        "**",
        "?",
        "??",
        "?:",
        " ",
        "\n",
        "IN",
        "NOT",
        "AND",
        "IS",
        "WHERE",
        "t:",
        "t:1",
        "d'",
        "u'",
        "b'",
        "r'",
        "\\",
        "\\u",
        "é",
        "😀",
        "\0",
        "SELECT",
        "999999999999999999999",
        "<int>",
        "f(",
        ".{",
        "[?",
        "NONE",
        "e",
        "_",
        "…",
        "∈",
    ];
    let coverage = Coverage::default();
    let texts = prop_oneof![
        vec(select(pieces.to_vec()), 0..12).prop_map(|pieces| pieces.concat()),
        (trees::expr(), any::<prop::sample::Index>(), select(pieces.to_vec())).prop_map(|(tree, at, piece)| {
            let mut text = tree.to_string();
            let place = text.floor_char_boundary(at.index(text.len() + 1));
            text.insert_str(place, piece);
            text
        }),
        vec(any::<char>(), 0..20).prop_map(|characters| characters.into_iter().collect()),
    ];
    run(texts, |text| {
        let parsed = parse_expression(&text);
        coverage.case([if parsed.is_ok() { "read" } else { "refused" }]);
        if let Ok(tree) = &parsed {
            let printed = tree.to_string();
            let read = parse_expression(&printed);
            prop_assert!(read.as_ref() == Ok(tree), "{} printed as {}", text, printed);
        }
        if let Err(error) = parsed {
            prop_assert!(
                error.line >= 1 && error.column >= 1 && error.excerpt.chars().count() <= 80 && !error.message.is_empty()
            );
        }
        for end in 0..text.len() {
            if let Some(beginning) = text.get(..end) {
                let _ = (parse_expression(beginning), parse_path(beginning), parse_value(beginning));
            }
        }
        Ok(())
    });
    coverage.require("texts", &[("read", 5.0), ("refused", 30.0)]);
}
