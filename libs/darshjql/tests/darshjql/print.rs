//! Texts and how they print, which shows how they were read.
use ddb_core::Value;
use ddb_darshjql::{Expr, ExprKind, parse_expression, parse_path, parse_value};

fn parse(text: &str) -> Expr {
    parse_expression(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Reads `text`, prints it, and reads that again.
fn check(text: &str, expected: &str) {
    let expr = parse(text);
    assert_eq!(expr.to_string(), expected, "{text}");
    assert_eq!(parse(expected), expr, "{text} printed as {expected}");
}

/// For a text that prints as it is.
fn same(text: &str) {
    check(text, text);
}

#[test]
fn operators_hold_their_operands_by_precedence() {
    same("a = 1 AND b = 2 OR c");
    same("(a OR b) AND c");
    check("a && b || !c", "a AND b OR !c");
    same("1 + 2 * 3");
    same("(1 + 2) * 3");
    check("1 - (2 - 3)", "1 - (2 - 3)");
    check("(1 - 2) - 3", "1 - 2 - 3");
    same("2 ** 3 ** 2");
    same("(2 ** 3) ** 2");
    check("2 + 1 ?: x", "2 + 1 ?: x");
    same("2 + (1 ?: x)");
    same("a ?? b ?: c");
    same("a ?? (b ?? c)");
    check("a ?? b = c OR d", "a ?? b = c OR d");
    same("-a ** 2");
    same("-(-a)");
    same("!(a AND b)");
    check("!a = b", "!a = b");
    check("<int> 'x' + 1", "<int> 'x' + 1");
    same("<int> (a + 1)");
    check("<array>1..4", "<array> 1..4");
    same("-(<int> a)");
    check("1..a+1", "1..a + 1");
    check("(1..4) = x", "1..4 = x");
    same("(1..) = x");
    same("-1.abs()");
    same("-(1.abs())");
    check("- 5", "-5");
    check("- -5", "-(-5)");
    check("a<-1", "a < -1");
    check("a ÷ b × c", "a / b * c");
}

#[test]
fn chains_of_and_and_or_are_one_node() {
    check("a AND (b AND c)", "a AND b AND c");
    check("(a OR b) OR (c OR d)", "a OR b OR c OR d");
    let ExprKind::And(operands) = parse("a AND b AND c AND d").kind else { panic!("an AND") };
    assert_eq!(operands.len(), 4);
}

#[test]
fn operators_have_several_spellings() {
    for (text, expected) in [
        ("a == b", "a = b"),
        ("a IS b", "a = b"),
        ("a is not b", "a != b"),
        ("a INSIDE b", "a IN b"),
        ("a not in b", "a NOT IN b"),
        ("a NOTINSIDE b", "a NOT IN b"),
        ("a ∈ b", "a IN b"),
        ("a ∉ b", "a NOT IN b"),
        ("a ∋ b", "a CONTAINS b"),
        ("a ⊇ b", "a CONTAINSALL b"),
        ("a ⊃ b", "a CONTAINSANY b"),
        ("a ⊅ b", "a CONTAINSNONE b"),
        ("a ⊆ b", "a ALLINSIDE b"),
        ("a ⊂ b", "a ANYINSIDE b"),
        ("a ⊄ b", "a NONEINSIDE b"),
        ("a ∌ b", "a CONTAINSNOT b"),
    ] {
        check(text, expected);
    }
    for operator in ["?=", "*=", "~", "!~", "?~", "*~", "<", "<=", ">", ">=", "!=", "OUTSIDE", "INTERSECTS", "%"] {
        same(&format!("a {operator} b"));
    }
}

#[test]
fn literals_of_every_kind() {
    for text in [
        "NONE",
        "NULL",
        "true",
        "false",
        "NaN",
        "0",
        "-9223372036854775808",
        "1f",
        "1.5f",
        "-0f",
        "1.50dec",
        "-1.5dec",
        "'it\\'s'",
        "1h30m",
        "d'2026-11-22T10:00:00Z'",
        "u'018f8b8c-ffff-7000-8000-000000000000'",
        "b'48656C6C6F'",
        "[1, 'a', [NONE]]",
        "{1, 2}",
        "{1,}",
        "{,}",
        "{ a: 1, 'b c': 2 }",
        "{  }",
        "t:1",
        "t:-5",
        "t:abc",
        "t:⟨a b⟩",
        "t:⟨1⟩",
        "t:[1, 'a']",
        "t:{ a: 1 }",
        "t:u'018f8b8c-ffff-7000-8000-000000000000'",
        "1..4",
        "1..=4",
        "1>..4",
        "1>..=4",
        "..4",
        "..=4",
        "1..",
        "..",
        "(1.5, -2)",
        "'a'..'b'",
        "[1..2, ..]",
    ] {
        same(text);
        assert!(matches!(parse(text).kind, ExprKind::Literal(_)), "{text}");
    }
}

#[test]
fn literals_are_written_in_many_ways() {
    for (text, expected) in [
        ("none", "NONE"),
        ("Null", "NULL"),
        ("TRUE", "true"),
        ("1_000", "1000"),
        ("1e3", "1000f"),
        ("1.5E-1", "0.15f"),
        ("\"a'b\"", "'a\\'b'"),
        (r"'\n\u{e9}\u00e9\ud83d\ude00'", "'\néé😀'"),
        ("s'a'", "'a'"),
        ("90m", "1h30m"),
        ("5km", "5000"),
        ("1.5km", "1500f"),
        ("3mi", "4828.032f"),
        ("100ft", "30.48f"),
        ("d'2026-11-22T10:00:00+01:00'", "d'2026-11-22T09:00:00Z'"),
        ("r'a:1'", "a:1"),
        ("{2, 1, 1}", "{1, 2}"),
        ("{ \"a\": 1, a: 2 }", "{ a: 2 }"),
        ("{ 1: 'x', 2b: 'y' }", "{ '1': 'x', '2b': 'y' }"),
        ("[1, 2,]", "[1, 2]"),
        ("t:8424486b85b3", "t:8424486b85b3"),
        ("t:1e5", "t:1e5"),
        ("t:1h", "t:1h"),
        ("t:12345678901234567890", "t:⟨12345678901234567890⟩"),
        ("t:`a b`", "t:⟨a b⟩"),
        ("1 -- comment\n + /* another */ 2 # and\n // more", "1 + 2"),
    ] {
        check(text, expected);
    }
}

#[test]
fn what_is_known_only_later_is_no_literal() {
    for text in [
        "[a, 1]",
        "{a, 1}",
        "{a,}",
        "{ a: b }",
        "t:[a, 1]",
        "t:{ a: $x }",
        "a..b",
        "t:1..4",
        "t:..=4",
        "t:1..",
        "t:..",
        "t:a>..=b",
    ] {
        same(text);
        assert!(!matches!(parse(text).kind, ExprKind::Literal(_)), "{text}");
    }
}

#[test]
fn paths_have_steps_of_every_kind() {
    for text in [
        "a.b.c",
        "a[0]",
        "a[$]",
        "a[*]",
        "a[*].b",
        "a[1..3]",
        "a[$i + 1]",
        "a['key']",
        "a[WHERE b > 1].c",
        "a.{ b, c.{ d }, e: f.g, h[*] }",
        "a.?.b",
        "a....b",
        "a.len()",
        "a.map(|$x| $x + 1).len()",
        "$auth.id",
        "$auth",
        "t:1.name",
        "[1, 2][0]",
        "f::g(1).a",
        "(a + b).c",
        "`a b`.`c-d`",
        "`and`",
        "`none`.none",
        "in.name",
        "id",
    ] {
        same(text);
    }
    check("a.* / 2", "a[*] / 2");
    same("in / 2");
    same("a NOT IN /x/");
    same("a.in / 2");
    check("a.*", "a[*]");
    check("a[? b]", "a[WHERE b]");
    check("a…", "a...");
    check("a.{b, c.{d}}", "a.{ b, c.{ d } }");
    check("⟨a b⟩", "`a b`");
}

#[test]
fn calls_casts_and_closures() {
    for text in [
        "string::len(a)",
        "count()",
        "math::pi",
        "array::map(a, |$x, $i| $x * $i)",
        "array::fold(a, 0, |$sum: int, $x: option<int>| $sum + $x)",
        "string::matches(a, /a.c\\/d/)",
        "a ~ /x/",
        "<int> a",
        "<float> <int> a",
        "<array<int, 3>> a",
        "<set<string>> a",
        "<record<a | b>> c",
        "<record> c",
        "<geometry<point>> c",
        "<int | string> a",
        "<none | int> a",
    ] {
        same(text);
    }
    check("String::LEN(a)", "string::len(a)");
    check("<option<int>>a", "<none | int> a");
    check("a.map(|| 1)", "a.map(|| 1)");
}

// Mutants: is_reserved without "WHERE"; write_unary without its brackets before a minus or a digit.
#[test]
fn names_and_signs_that_would_be_read_otherwise_are_set_apart() {
    same("a[`where`.x]");
    check("[`select`, b]", "[`select`, b]");
    same("`none` = NONE");
    same("-(-5)");
    same("-(-a)");
    same("-(1.abs())");
    same("{(t:1), t:2}");
    same("{(t:[a]), b}");
    same("(t:1)..4");
    same("..(in AND a)");
}

#[test]
fn plain_paths_are_read_alone() {
    for text in ["a", "a.b", "a[0].b", "a[*].b", "a[$]", "`a b`", "_owner"] {
        assert_eq!(parse_path(text).unwrap().to_string(), text);
    }
    for text in ["", "a.b()", "a[WHERE b]", "a.{b}", "1", "$a", "a + b", "a b", "a[b]", "-a"] {
        assert!(parse_path(text).is_err(), "{text}");
    }
}

#[test]
fn values_are_read_alone() {
    for text in ["1", "[1, { a: NONE }]", "inf", "-inf", "NaN", "-5", "t:1", "'x'", "1..2"] {
        assert_eq!(parse_value(text).unwrap().to_string(), text);
    }
    assert!(matches!(parse_value("inf").unwrap(), Value::Float(_)));
    for text in ["a", "1 + 1", "$a", "[a]", "", "f()"] {
        assert!(parse_value(text).is_err(), "{text}");
    }
}
