//! Mutants: `write_finite` without ".0" or with an exponent; -0.0 untagged; an object that reads as a tag is not wrapped; `$object` read
//! as an ordinary tag; `value_is_last` always true.
use ddb_core::{Object, RecordKey, Value, doc, json};
use proptest::prelude::*;

use crate::coverage::{Coverage, run};
use crate::values::{ALL_KINDS, kinds, object};

/// What jsonb gives back for a document: keys by length, then bytes; a space behind `:` and `,`; numbers as they are (`numeric` keeps the
/// scale, but no sign of a zero). `libs/store` checks the same against PostgreSQL.
fn normalised(text: &str) -> String {
    fn write(value: &json::Json, source: &mut Numbers<'_>) -> String {
        match value {
            json::Json::Null => "null".to_owned(),
            json::Json::Bool(flag) => flag.to_string(),
            json::Json::Int(_) | json::Json::Float(_) => source.next(),
            json::Json::String(text) => quoted(text),
            json::Json::Array(items) => {
                format!("[{}]", items.iter().map(|item| write(item, source)).collect::<Vec<_>>().join(", "))
            }
            json::Json::Object(entries) => {
                let mut entries: Vec<(&String, String)> =
                    entries.iter().map(|(key, value)| (key, write(value, source))).collect();
                entries.sort_by_key(|(key, _)| (key.len(), key.as_bytes()));
                format!(
                    "{{{}}}",
                    entries.iter().map(|(key, value)| format!("{}: {value}", quoted(key))).collect::<Vec<_>>().join(", ")
                )
            }
        }
    }
    write(&json::parse(text.as_bytes()).expect("JSON"), &mut Numbers { text, position: 0 })
}

/// The numbers of a text in order, as `numeric` prints them.
struct Numbers<'a> {
    text: &'a str,
    position: usize,
}

impl Numbers<'_> {
    fn next(&mut self) -> String {
        let bytes = self.text.as_bytes();
        let mut in_string = false;
        loop {
            match bytes[self.position] {
                b'"' => in_string = !in_string,
                b'\\' => self.position += 1,
                b'-' | b'0'..=b'9' if !in_string => break,
                _ => {}
            }
            self.position += 1;
        }
        let start = self.position;
        while matches!(bytes.get(self.position), Some(b'-' | b'.' | b'0'..=b'9')) {
            self.position += 1;
        }
        assert!(!matches!(bytes.get(self.position), Some(b'e' | b'E')), "an exponent in a document");
        let number = &self.text[start..self.position];
        let zero = number.bytes().all(|byte| matches!(byte, b'-' | b'.' | b'0'));
        if zero { number.trim_start_matches('-').to_owned() } else { number.to_owned() }
    }
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    json::write_string(text, &mut out);
    String::from_utf8(out).expect("text")
}

#[test]
fn documents_read_back_identical_also_from_jsonb() {
    let coverage = Coverage::default();
    run(object(), |object| {
        let value = Value::Object(object.clone());
        coverage.case(kinds(&value));
        let text = doc::encode(&object);
        prop_assert!(Value::Object(doc::decode(&text).expect("doc")).identical(&value), "{}", text);
        let normalised = normalised(&text);
        prop_assert!(Value::Object(doc::decode(&normalised).expect("doc")).identical(&value), "{}", normalised);
        Ok(())
    });
    coverage.require("documents", &ALL_KINDS);
}

#[test]
fn plain_json_where_json_tells_the_value() {
    let object = Object::from([
        ("int".to_owned(), Value::Int(1)),
        ("float".to_owned(), Value::Float(1.0)),
        ("text".to_owned(), Value::from("a\"b")),
        ("list".to_owned(), Value::Array(vec![Value::Null, Value::Bool(true), Value::None])),
        ("gone".to_owned(), Value::None),
        ("like_a_tag".to_owned(), Value::Object(Object::from([("$x".to_owned(), Value::Int(1))]))),
        ("no_tag".to_owned(), Value::Object(Object::from([("$x".to_owned(), Value::Int(1)), ("y".to_owned(), Value::Int(2))]))),
        ("small".to_owned(), Value::Float(1e-7)),
        ("zero".to_owned(), Value::Float(-0.0)),
    ]);
    let expected = r#"{"float":1.0,"int":1,"like_a_tag":{"$object":{"$x":1}},"list":[null,true,{"$none":true}],"no_tag":{"$x":1,"y":2},"small":0.0000001,"text":"a\"b","zero":{"$float":"-0.0"}}"#;
    assert_eq!(doc::encode(&object), expected);
}

#[test]
fn the_fields_themselves_are_never_a_tag() {
    let object = Object::from([("$none".to_owned(), Value::Bool(true))]);
    assert_eq!(doc::encode(&object), r#"{"$none":true}"#);
    assert!(Value::Object(doc::decode(r#"{"$none": true}"#).expect("doc")).identical(&Value::Object(object)));
}

/// Each level of a record id with an object key that must be wrapped takes four JSON containers: the worst there is. Such a key is deeper
/// than a key may be now, but a document of an earlier version can hold a link with it.
#[test]
fn the_deepest_values_read_back_in_time() {
    let wrapped = (0..64).fold(Value::Null, |inner, level| {
        let object = Object::from([("$object".to_owned(), inner)]);
        if level % 2 == 0 {
            return Value::Object(object);
        }
        let table = ddb_core::TableName::user();
        ddb_core::RecordId::new(table, RecordKey::Object(object)).into()
    });
    let crowded = (0..64).fold(Value::Null, |inner, _| {
        Value::Object(Object::from([("$object".to_owned(), inner), ("b".to_owned(), Value::Null)]))
    });
    assert!(crowded.check_storable("").is_ok());
    for value in [wrapped, crowded] {
        let object = Object::from([("field".to_owned(), value)]);
        let back = doc::decode(&doc::encode(&object)).expect("doc");
        assert!(Value::Object(back).identical(&Value::Object(object)));
    }
}

#[test]
fn damaged_documents_are_refused() {
    for text in [
        "",
        "1",
        "{",
        "{}}",
        "{\"a\"}",
        "{\"a\":{\"$unknown\":1}}",
        "{\"a\":{\"$uuid\":\"x\"}}",
        "{\"a\":{\"$object\":1}}",
        "{\"a\":1e999}",
        "{\"a\":99999999999999999999}",
        "[1]",
        "{\"a\":tru}",
    ] {
        assert!(doc::decode(text).is_err(), "{text}");
    }
    assert!(doc::decode(&"{\"a\":".repeat(100_000)).is_err());
    run("[\\[\\]{}:,\"a$ 0-9.\\\\tn]{0,30}", |noise| {
        drop(doc::decode(&noise));
        drop(doc::decode(&format!("{{\"a\":{{\"$object\":{noise}}}")));
        Ok(())
    });
}
