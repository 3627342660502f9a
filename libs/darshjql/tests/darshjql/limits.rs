//! Texts that would take too much: each ends with an error or a tree, on the stack of a thread of 2 MB, in a debug build too.
use std::time::{Duration, Instant};

use ddb_core::ErrorCode;
use ddb_darshjql::{ExprKind, parse_expression};

/// Generous for debug builds and shared machines; a release build takes less than a second.
const TIME: Duration = Duration::from_secs(20);

fn refused(text: &str) {
    let start = Instant::now();
    let error = parse_expression(text).expect_err("too much");
    let shown: String = text.chars().take(20).collect();
    assert_eq!(error.code, ErrorCode::QueryLimit, "{shown}…: {}", error.message);
    assert!(start.elapsed() < TIME);
}

#[test]
fn deep_texts_are_refused() {
    for (opening, inner, closing) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{ a: ", "1", "}"),
        ("f(", "1", ")"),
        ("a[", "1", "]"),
        ("<array<array<", "int", ">> a"),
        ("!", "a", ""),
        ("-", " a", ""),
        ("<int>", "a", ""),
        ("|$a| ", "a", ""),
        ("2 ** ", "2", ""),
        ("a.{b.", "{c}", "}"),
        ("t:[", "1", "]"),
    ] {
        let depth = 10_000;
        let text = match opening {
            "-" => "- ".repeat(depth) + inner,
            "<array<array<" => format!("<{}int{}> a", "array<".repeat(depth), ">".repeat(depth)),
            _ => opening.repeat(depth) + inner + &closing.repeat(depth),
        };
        refused(&text);
    }
    refused(&("a + ".repeat(10_000) + "a"));
}

#[test]
fn what_nests_as_much_as_is_allowed_is_read() {
    for depth in [1, 60] {
        let text = "(".repeat(depth) + "a" + &")".repeat(depth);
        assert_eq!(parse_expression(&text).unwrap().to_string(), "a");
    }
    let text = "[".repeat(64) + &"]".repeat(64);
    assert_eq!(parse_expression(&text).unwrap().to_string(), text);
}

#[test]
fn long_chains_and_lists_are_read() {
    let start = Instant::now();
    let chain = "a AND ".repeat(170_000) + "a";
    let ExprKind::And(operands) = parse_expression(&chain).unwrap().kind else { panic!("an AND") };
    assert_eq!(operands.len(), 170_001);
    let list = format!("a IN [{}]", "1,".repeat(100_000));
    assert!(parse_expression(&list).is_ok());
    assert!(start.elapsed() < TIME);
}

#[test]
fn long_texts_are_refused() {
    refused(&"a".repeat((1 << 20) + 1));
    refused(&"a,".repeat(500_000));
}
