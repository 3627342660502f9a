//! Record ids and keys as text. Mutants: a key printed without normal numbers; `composite` without its limit; an array key taken literally.
use ddb_core::{ErrorCode, RecordId, RecordKey, Value};
use ddb_darshjql::{parse_expression, parse_record_id, parse_record_key};
use proptest::prelude::*;

use crate::coverage::{Coverage, run};
use crate::values;

/// A key in a path, and how the id is shown.
#[track_caller]
fn check(path: &str, expected: &str) {
    let key = parse_record_key(path).unwrap_or_else(|error| panic!("{path}: {}", error.message()));
    assert_eq!(key.to_string(), expected, "{path}");
    let id = parse_record_id(&format!("t:{path}")).expect(path);
    assert_eq!(id.to_string(), format!("t:{expected}"));
}

#[test]
fn arrays_and_objects_are_read_as_the_language_has_them() {
    check("[]", "[]");
    check("[1,2]", "[1, 2]");
    check("[ 1.0, 2dec, 1.50dec, 0.10dec ]", "[1, 2, 1.5f, 0.1dec]");
    check("['London', \"Paris\"]", "['London', 'Paris']");
    check("[null, TRUE, -5, -9223372036854775808]", "[NULL, true, -5, -9223372036854775808]");
    check("[d'2026-11-22T10:00:00Z', 1h30m, b'00FF']", "[d'2026-11-22T10:00:00Z', 1h30m, b'00FF']");
    check("[user:1, r'user:[1.0]', t:⟨a b⟩]", "[user:1, user:[1], t:⟨a b⟩]");
    check("[{2, 1, 1.0}, {,}, [[]]]", "[{1, 2}, {,}, [[]]]");
    check(r#"{"b":1,"a":[2]}"#, "{ a: [2], b: 1 }");
    check("{}", "{  }");
    check("{ a: { b: user:⟨x⟩ } }", "{ a: { b: user:x } }");
    check("'[1]'", "⟨[1]⟩");
    check("1", "1");
    check("u'018f0000-0000-7000-8000-000000000001'", "u'018f0000-0000-7000-8000-000000000001'");
}

#[test]
fn what_is_no_array_or_object_of_literals_is_refused() {
    let long = format!("[{}]", "1,".repeat(20_000));
    for (text, expected) in [
        ("[", "is an array or an object of the language"),
        ("[1] + [2]", "expected a literal value"),
        ("[1]..[2]", "kind range"),
        ("[1].len()", "expected a literal value"),
        ("[a]", "expected a literal value"),
        ("[$a]", "expected a literal value"),
        ("[1", "`,` or `]`"),
        ("[1]x", "is an array or an object of the language"),
        ("{1, 2}", "kind set"),
        ("{ a }", "blocks are"),
        ("[NONE]", "kind none"),
        ("[NaN]", "finite"),
        ("[(1, 2)]", "kind geometry"),
        ("['a\n']", "control characters"),
        (&"[".repeat(200), "64 levels of brackets"),
        (&format!("{}{}", "[".repeat(33), "]".repeat(33)), "at most 32"),
        (&format!("['{}']", "k".repeat(510)), "more than 512 bytes"),
        (&long, "the text of the record key"),
    ] {
        let error = parse_record_key(text).expect_err(text);
        assert_eq!(error.code(), ErrorCode::BadRequest, "{text}");
        assert!(error.message().contains(expected), "{text}: {}", error.message());
        assert!(parse_record_id(&format!("t:{text}")).is_err(), "{text}");
    }
    for text in ["[1]", "a b:[1]", ":[1]", "1:[1]"] {
        assert!(parse_record_id(text).is_err(), "{text}");
    }
}

#[test]
fn the_deepest_key_reads_back() {
    let array = |part: Value| RecordId::new(table(), RecordKey::from_value(Value::Array(vec![part])).expect("a key"));
    let mut id = array(Value::Null);
    for _ in 0..15 {
        id = array(Value::set(vec![id.into()]));
    }
    assert_eq!(parse_record_id(&id.to_string()).expect("an id"), id, "{id}");
}

fn table() -> ddb_core::TableName {
    ddb_core::TableName::parse("t").expect("a table's name")
}

#[test]
fn ids_within_ids_end_before_the_stack_does() {
    let mut text = "t:[1]".to_owned();
    while text.len() < 60_000 {
        let quoted = text.replace('\\', "\\\\").replace('\'', "\\'");
        text = format!("t:[r'{quoted}']");
        drop(parse_record_id(&text));
        drop(parse_expression(&text));
    }
}

#[test]
fn equal_keys_are_one_key_in_expressions() {
    let key = |text: &str| match parse_expression(text).expect(text).as_literal() {
        Some(Value::Record(id)) => id.key.clone(),
        other => panic!("{text} is {other:?}"),
    };
    assert!(key("t:[1.0]").identical(&RecordKey::Array(vec![Value::Int(1)])));
    assert!(parse_expression("id = t:[NONE]").is_err());
    // A bound between keys may be what no record has.
    assert_eq!(
        parse_expression("id IN t:['a', NONE]..=['a', 1.0]").expect("a range").to_string(),
        "id IN t:['a', NONE]..=['a', 1f]"
    );
}

#[test]
fn ids_read_back_as_they_are_shown() {
    let coverage = Coverage::default();
    let key = prop_oneof![1 => values::record_id().prop_map(|id| id.key), 3 => values::composite_key()];
    run((values::table(), key), |(table, key)| {
        coverage.case(values::kinds(&key.clone().into()));
        let id = RecordId::new(table, key);
        let text = id.to_string();
        let back = parse_record_id(&text).map_err(|error| TestCaseError::fail(format!("{text}: {}", error.message())))?;
        prop_assert!(back.identical(&id), "{} is read as {}", text, back);
        let written = parse_expression(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        prop_assert!(written.as_literal().is_some_and(|value| value.identical(&id.clone().into())), "{} as an expression", text);
        if matches!(id.key, RecordKey::Array(_) | RecordKey::Object(_)) {
            let back = parse_record_key(&id.key.to_string()).expect("a key");
            prop_assert!(back.identical(&id.key), "{} is read as {}", id.key, back);
        }
        Ok(())
    });
    let in_keys: Vec<(&str, f64)> =
        values::ALL_KINDS.into_iter().filter(|(kind, _)| !["none", "geometry", "table", "range"].contains(kind)).collect();
    coverage.require("printed ids", &in_keys);
}
