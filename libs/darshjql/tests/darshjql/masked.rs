//! What a log may show of an expression.
use ddb_darshjql::{Expr, ExprKind, KeyExpr, parse_expression};
use proptest::prelude::*;

use crate::coverage::{Coverage, run};
use crate::trees;

#[test]
fn values_and_keys_are_masked_and_names_stay() {
    for (text, expected) in [
        ("email = 'ann@example.com'", "email = ?"),
        ("a.b[2] > 5 AND !done", "a.b[?] > ? AND !done"),
        ("owner = user:ann", "owner = ?"),
        ("owner = user:[$team, 'ann']", "owner = user:[$team, ?]"),
        ("name = /secret/", "name = ?"),
        ("tags CONTAINSANY ['a', $b]", "tags CONTAINSANY [?, $b]"),
        ("tags[WHERE name = 'x'].{a, b: c.d}", "tags[WHERE name = ?].{ a, b: c.d }"),
        ("string::len(name) < 3 + math::pi", "string::len(name) < ? + math::pi"),
        ("<datetime> '2020-01-01T00:00:00Z' < born", "<datetime> ? < born"),
        ("{ a: 1, b: x }.a", "{ '?': ?, '?': x }.a"),
        ("items.any(|$i| $i.price > 3)", "items.any(|$i| $i.price > ?)"),
    ] {
        let masked = parse_expression(text).unwrap_or_else(|error| panic!("{text}: {error}")).masked().to_string();
        assert_eq!(masked, expected, "{text}");
    }
}

/// Everything in a tree that is, or may hold, a value.
fn values(expr: &Expr) -> Vec<String> {
    let mut found: Vec<String> = expr.children().into_iter().flat_map(values).collect();
    match &expr.kind {
        ExprKind::Literal(value) => found.push(format!("{value:?}")),
        ExprKind::Regex(regex) => found.push(regex.clone()),
        ExprKind::Object(entries) | ExprKind::Record(_, KeyExpr::Object(entries)) => {
            found.extend(entries.iter().map(|(name, _)| name.clone()).filter(|name| name != "?"));
        }
        ExprKind::Record(_, KeyExpr::Key(key)) => found.push(format!("{key:?}")),
        ExprKind::RecordRange(range) => {
            for bound in [&range.begin, &range.end] {
                if let std::ops::Bound::Included(KeyExpr::Key(key)) | std::ops::Bound::Excluded(KeyExpr::Key(key)) = bound {
                    found.push(format!("{key:?}"));
                }
            }
        }
        _ => {}
    }
    found
}

// Mutants: `Self::Record(..)` stays as it is; `PartKind::Index(..)` does.
#[test]
fn no_value_of_any_tree_is_left() {
    let coverage = Coverage::default();
    run(trees::expr(), |tree| {
        let left: Vec<String> = values(&tree.masked()).into_iter().filter(|value| value != r#"String("?")"#).collect();
        prop_assert!(left.is_empty(), "{} shows {:?}", tree.masked(), left);
        prop_assert_eq!(tree.masked().masked().to_string(), tree.masked().to_string());
        coverage.case(trees::kinds(&tree));
        Ok(())
    });
    coverage.require("masked trees", &trees::ALL);
}
