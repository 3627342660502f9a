//! Mutants: a leading zero read as an int; a string key that reads as an int shown without brackets or quotes; `⟩` not escaped; each condition left out
//! of `is_bare`; the last character of a generated key a digit; no step between generated keys.
use std::collections::HashSet;

use ddb_core::{ErrorCode, GeneratedKeys, Object, RecordId, RecordKey, TableName, Timestamp, Uuid, Value};
use proptest::prelude::*;

use crate::coverage::{Coverage, run};
use crate::values::{neighbours, record_id};

#[track_caller]
fn path(text: &str, expected: RecordKey) {
    assert_eq!(RecordKey::parse(text).expect(text), expected, "{text}");
}

/// How every key can be written in a path.
fn in_path(key: &RecordKey) -> String {
    match key {
        RecordKey::String(text) => format!("'{text}'"),
        RecordKey::Int(_) | RecordKey::Uuid(_) | RecordKey::Array(_) | RecordKey::Object(_) => key.literal().to_string(),
    }
}

fn string(text: &str) -> RecordKey {
    RecordKey::String(text.to_owned())
}

#[test]
fn keys_in_paths() {
    path("0", RecordKey::Int(0));
    path("-1", RecordKey::Int(-1));
    path("9223372036854775807", RecordKey::Int(i64::MAX));
    path("-9223372036854775808", RecordKey::Int(i64::MIN));
    for literal in [
        "9223372036854775808",
        "007",
        "-0",
        "-01",
        "00",
        "-",
        "+1",
        "1.0",
        "1e3",
        "é",
        "a b",
        "a:b",
        "a⟨1⟩",
        "'",
        "u'",
        "'a",
        "u",
        "Ü'x'",
        "١",
    ] {
        path(literal, string(literal));
    }
    path("'1'", string("1"));
    path("⟨1⟩", string("1"));
    path(r"⟨a\⟩\\b'⟩", string(r"a⟩\b'"));
    path("'it's'", string("it's"));
    path("'[x'", string("[x"));
    path("''a''", string("'a'"));
    path("u'018f0000-0000-7000-8000-000000000001'", RecordKey::Uuid(Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0001)));
    path(&"k".repeat(512), string(&"k".repeat(512)));
}

#[test]
fn what_is_no_key_is_refused() {
    let too_long = "k".repeat(513);
    for (text, expected) in [
        ("", "cannot be empty"),
        ("''", "cannot be empty"),
        (too_long.as_str(), "at most 512 bytes"),
        ("a\0", "control characters"),
        ("a\nb", "control characters"),
        ("a\u{85}b", "control characters"),
        ("u'x'", "does not hold a uuid"),
        ("⟨x", "ends with `⟩`"),
        ("⟨⟩", "cannot be empty"),
        ("[1]", "not accepted here"),
        ("{", "not accepted here"),
    ] {
        let error = RecordKey::parse(text).expect_err(text);
        assert_eq!(error.code(), ErrorCode::BadRequest);
        assert!(error.message().contains(expected), "{}", error.message());
    }
    for text in ["", "a", ":1", "a:", "1a:b", "a:⟨", "a:⟨x", "a:⟨x⟩y", r"a:⟨\x⟩", "a:⟨⟩", "a:⟨\n⟩", "a:[1]"] {
        assert!(RecordId::parse(text).is_err(), "{text}");
    }
}

#[track_caller]
fn shown(key: RecordKey, expected: &str) {
    assert_eq!(RecordId::new(TableName::user(), key).literal().to_string(), expected);
}

#[test]
fn the_literal_text_is_the_one_of_the_language() {
    shown(RecordKey::Int(-7), "user:-7");
    shown(string("alice"), "user:alice");
    shown(string("00mwrn2xvkp67ijof04u"), "user:00mwrn2xvkp67ijof04u");
    shown(string("7"), "user:⟨7⟩");
    shown(string("007"), "user:⟨007⟩");
    shown(string("-7"), "user:⟨-7⟩");
    shown(string("a b"), "user:⟨a b⟩");
    shown(string(r"a⟩\"), r"user:⟨a\⟩\\⟩");
    shown(RecordKey::Uuid(Uuid::nil()), "user:u'00000000-0000-0000-0000-000000000000'");
    shown(RecordKey::Array(vec![Value::Int(1), Value::from("a'b")]), r"user:[1, 'a\'b']");
    shown(
        RecordKey::Object(Object::from([("a".to_owned(), Value::Int(1)), ("b c".to_owned(), Value::None)])),
        "user:{ a: 1, 'b c': NONE }",
    );
}

/// A string key of the table `user` in a plain id.
#[track_caller]
fn plain(key: &str, expected: &str) {
    let id = RecordId::new(TableName::user(), string(key));
    assert_eq!(id.plain().to_string(), format!("user:{expected}"));
    assert_eq!(RecordId::parse(&id.plain().to_string()).expect(expected), id);
    assert_eq!(RecordKey::parse(expected).expect(expected), id.key);
}

#[test]
fn a_plain_id_has_quotes_only_where_the_key_reads_as_something_else() {
    for bare in [
        "my-post",
        "ada@example.com",
        "a b",
        "a/b",
        "é",
        "007",
        "-0",
        "9223372036854775808",
        "+1",
        "1.0",
        "...",
        ".a",
        "u'",
        "u'x",
        "a'",
        "it's",
        "x:y",
        "users:1",
        "usr:1",
        "user",
        "User:1",
        "a⟨b⟩",
        "a[1]",
        "%27",
        "a?b#c",
        "\\",
        "💡",
        "018f0000-0000-7000-8000-000000000001",
    ] {
        plain(bare, bare);
    }
    for quoted in [
        "7",
        "0",
        "-7",
        "9223372036854775807",
        ".",
        "..",
        "'",
        "''",
        "'a'",
        "'a",
        "u''",
        "u'x'",
        "⟨",
        "⟨1⟩",
        "[",
        "[1]",
        "{",
        "{}",
        "user:",
        "user:1",
        "user:a b",
    ] {
        plain(quoted, &format!("'{quoted}'"));
    }
    let uuid = "u'018f0000-0000-7000-8000-000000000001'";
    plain(uuid, &format!("'{uuid}'"));
    plain(&"k".repeat(512), &"k".repeat(512));
    plain(&"'".repeat(512), &"'".repeat(514));
    for key in [
        RecordKey::Int(-7),
        RecordKey::Uuid(Uuid::nil()),
        RecordKey::Array(vec![Value::from("a'b")]),
        RecordKey::Object(Object::new()),
    ] {
        let id = RecordId::new(TableName::user(), key);
        assert_eq!(id.plain().to_string(), id.literal().to_string());
    }
}

#[test]
fn ids_and_paths_read_back() {
    let coverage = Coverage::default();
    run(record_id(), |id| {
        coverage.case([match &id.key {
            RecordKey::Int(_) => "int",
            RecordKey::String(_) => "string",
            RecordKey::Uuid(_) => "uuid",
            RecordKey::Array(_) | RecordKey::Object(_) => "other",
        }]);
        prop_assert!(id.key.check_storable().is_ok());
        for text in [id.literal().to_string(), id.plain().to_string()] {
            prop_assert_eq!(&RecordId::parse(&text).expect("an id"), &id, "{}", text);
        }
        let path = in_path(&id.key);
        prop_assert_eq!(&RecordKey::parse(&path).expect("a key"), &id.key, "{}", path);
        Ok(())
    });
    coverage.require("record ids", &[("int", 15.0), ("string", 30.0), ("uuid", 15.0)]);
    run("\\PC{0,12}", |text| {
        if let Ok(id) = RecordId::parse(&text) {
            prop_assert_eq!(&RecordId::parse(&id.literal().to_string()).expect("an id"), &id);
            prop_assert_eq!(&RecordId::parse(&id.plain().to_string()).expect("an id"), &id);
        }
        if let Ok(key) = RecordKey::parse(&text) {
            prop_assert_eq!(RecordKey::parse(&in_path(&key)).expect("a key"), key);
        }
        Ok(())
    });
}

#[test]
fn generated_keys_sort_by_time_and_contain_a_letter() {
    let mut last = String::new();
    for milliseconds in [0, 1, 35, 36, 1_795_340_000_000, 1_795_340_000_001, 2_821_109_907_456, 3_656_158_440_062_975] {
        let mut keys = GeneratedKeys::at(Timestamp(milliseconds * 1000 + 999));
        for _ in 0..50 {
            let key = keys.next_text();
            assert_eq!(key.len(), 20);
            assert!(key.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()));
            assert!(key.ends_with(|c: char| c.is_ascii_lowercase()), "the last character is a letter: {key}");
            assert_eq!(i64::from_str_radix(&key[..10], 36), Ok(milliseconds));
            assert_eq!(RecordKey::parse(&key).expect("a key"), RecordKey::String(key.clone()));
            plain(&key, &key);
            assert!(key > last, "{key} follows {last}");
            last = key;
        }
    }
    for odd in [i64::MIN, -1, i64::MAX] {
        assert!(RecordKey::String(GeneratedKeys::at(Timestamp(odd)).next_text()).check_storable().is_ok());
    }
}

#[test]
fn keys_of_one_time_ascend_and_never_meet_those_of_others() {
    let now = Timestamp(1_795_340_000_000_000);
    let mut seen = HashSet::new();
    let mut generators: Vec<_> = (0..100).map(|_| (GeneratedKeys::at(now), String::new())).collect();
    for _ in 0..1_000 {
        for (keys, last) in &mut generators {
            let key = keys.next_text();
            assert!(key > *last);
            assert!(seen.insert(key.clone()), "{key} twice");
            *last = key;
        }
    }
}

/// The form that a number has in an array as key.
#[track_caller]
fn normal(number: Value, expected: Value) {
    let key = RecordKey::from_value(Value::Array(vec![number.clone()])).expect("a key");
    assert!(key.identical(&RecordKey::Array(vec![expected])), "{number} became {}", key.literal());
}

fn decimal(text: &str) -> Value {
    Value::Decimal(text.parse().expect("a decimal"))
}

/// Mutants: a decimal that is a float stays one; `-0.0` stays; an int beyond 2^53 becomes a float.
#[test]
fn a_number_in_a_key_has_one_form() {
    normal(Value::Int(1), Value::Int(1));
    normal(Value::Float(1.0), Value::Int(1));
    normal(Value::Float(-0.0), Value::Int(0));
    normal(Value::Float(1.5), Value::Float(1.5));
    normal(Value::Float(1e300), Value::Float(1e300));
    normal(Value::Float(9_223_372_036_854_775_808.0), Value::Float(9_223_372_036_854_775_808.0));
    normal(Value::Float(-9_223_372_036_854_775_808.0), Value::Int(i64::MIN));
    normal(Value::Int(9_007_199_254_740_993), Value::Int(9_007_199_254_740_993));
    normal(decimal("9007199254740993.0"), Value::Int(9_007_199_254_740_993));
    normal(decimal("1.00"), Value::Int(1));
    normal(decimal("-0.0"), Value::Int(0));
    normal(decimal("1.50"), Value::Float(1.5));
    normal(decimal("0.10"), decimal("0.1"));
    normal(decimal("9223372036854775808"), Value::Float(9_223_372_036_854_775_808.0));
    normal(decimal("79228162514264337593543950335.0"), decimal("79228162514264337593543950335"));
    let nested = Object::from([(
        "a".to_owned(),
        Value::set(vec![Value::Float(2.0), RecordId::new(TableName::user(), RecordKey::Array(vec![Value::Float(1.0)])).into()]),
    )]);
    assert_eq!(RecordKey::from_value(nested.into()).expect("a key").literal().to_string(), "{ a: {2, user:[1]} }");
    run(neighbours(), |(a, b)| {
        let key = |value| RecordKey::from_value(Value::Array(vec![value]));
        if let (Ok(a), Ok(b)) = (key(a), key(b)) {
            prop_assert_eq!(a == b, a.identical(&b), "{} and {}", a.literal(), b.literal());
        }
        Ok(())
    });
}

/// Mutants: leave out `check_number`, `check_length`, the refusal of kinds in `check_part`, `deeper` in `check_parts`.
#[test]
fn what_reads_back_from_no_key_is_in_none() {
    let mut deep = Value::Int(1);
    for _ in 0..32 {
        deep = Value::Array(vec![deep]);
    }
    assert!(RecordKey::from_value(deep.clone()).is_ok());
    let object = |name: &str, value: Value| Value::Object(Object::from([(name.to_owned(), value)]));
    let range = ddb_core::Range { begin: ddb_core::Bound::Unbounded, end: ddb_core::Bound::Unbounded };
    for (part, place, expected) in [
        (Value::None, "id[0]", "kind none"),
        (Value::Float(f64::NAN), "id[0]", "finite"),
        (Value::Float(f64::INFINITY), "id[0]", "finite"),
        (Value::Geometry(ddb_core::Geometry::Point((1.0, 2.0))), "id[0]", "kind geometry"),
        (Value::Table(TableName::user()), "id[0]", "kind table"),
        (range.into(), "id[0]", "kind range"),
        (Value::from("a\0"), "id[0]", "control characters"),
        (object("a\n", Value::Int(1)), "id[0].a\u{fffd}", "control characters"),
        (object("a", Value::None), "id[0].a", "kind none"),
        (Value::set(vec![Value::Null, Value::None]), "id[0][0]", "kind none"),
        (RecordId::new(TableName::user(), string("")).into(), "id[0]", "cannot be empty"),
        (RecordId::new(TableName::user(), RecordKey::Array(vec![Value::None])).into(), "id[0][0]", "kind none"),
        (Value::String("k".repeat(508)), "id", "more than 512 bytes"),
        (deep, "", "a record key at most 32"),
    ] {
        let error = RecordKey::from_value(Value::Array(vec![part])).expect_err(expected);
        assert_eq!(error.code(), ErrorCode::ValidationFailed);
        assert!(error.message().contains(expected), "{}", error.message());
        assert!(error.details()[0].field.ends_with(place), "{}", error.details()[0].field);
    }
    assert!(RecordKey::from_value(Value::Array(vec![Value::String("k".repeat(507))])).is_ok(), "512 bytes");
    for (value, expected) in [(Value::Float(1.0), "kind float"), (Value::set(vec![]), "kind set"), (Value::Null, "kind null")] {
        let error = RecordKey::from_value(value).expect_err(expected);
        assert!(error.message().contains(expected), "{}", error.message());
    }
    assert!(RecordKey::Array(vec![Value::Float(1.0)]).check_storable().is_err(), "not made by `from_value`");
    assert!(RecordKey::bound_from_value(Value::Array(vec![Value::None, Value::Float(1.0)])).is_ok());
}
