//! Mutants: `cmp_int_float` compares as floats; `cmp_decimals` without the scale; `cmp_floats` with NaN last; the rank of string below
//! that of number; `identical` of floats by `==`; `hash_number` over the bits of the float itself.
use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};

use ddb_core::{Decimal, RecordId, Value};
use proptest::prelude::*;

use crate::coverage::{Coverage, run};
use crate::values::{ALL_KINDS, kinds, neighbours, number, value};

/// From JSON with typed tags.
fn v(text: &str) -> Value {
    let json = ddb_core::json::parse(text.as_bytes()).expect(text);
    ddb_core::json::to_value(json, "", RecordId::parse).expect(text)
}

#[track_caller]
fn ascending(texts: &[&str]) {
    let values: Vec<Value> = texts.iter().map(|text| v(text)).collect();
    for (i, a) in values.iter().enumerate() {
        for (j, b) in values.iter().enumerate() {
            assert_eq!(a.cmp(b), i.cmp(&j), "{a} and {b}");
        }
    }
}

#[track_caller]
fn equal(a: &str, b: &str) {
    assert_eq!(v(a), v(b));
    assert!(!v(a).identical(&v(b)), "{a} and {b} are equal, not identical");
}

#[test]
fn kinds_have_an_order() {
    ascending(&[
        r#"{"$none":true}"#,
        "null",
        "false",
        "true",
        "9",
        r#""""#,
        r#"{"$duration":"1ns"}"#,
        r#"{"$datetime":"0001-01-01T00:00:00Z"}"#,
        r#"{"$uuid":"00000000-0000-0000-0000-000000000000"}"#,
        "[]",
        r#"{"$set":[]}"#,
        "{}",
        r#"{"$geometry":{"type":"Point","coordinates":[0,0]}}"#,
        r#"{"$bytes":""}"#,
        r#"{"$table":"a"}"#,
        r#"{"$record":"a:1"}"#,
        r#"{"$range":{}}"#,
    ]);
}

#[test]
fn numbers_compare_by_exact_value() {
    ascending(&[
        r#"{"$float":"NaN"}"#,
        r#"{"$float":"-inf"}"#,
        "-1.7976931348623157e308",
        r#"{"$decimal":"-79228162514264337593543950335"}"#,
        "-9223372036854775808",
        "-9007199254740993",
        "-9007199254740992.0",
        "-1",
        r#"{"$decimal":"-0.0000000000000000000000000001"}"#,
        "-5e-324",
        "0",
        "5e-324",
        r#"{"$decimal":"0.0000000000000000000000000001"}"#,
        r#"{"$decimal":"0.1"}"#,
        "0.1",
        r#"{"$decimal":"0.1000000000000000055511151232"}"#,
        "1",
        "9007199254740992.0",
        r#"{"$decimal":"9007199254740992.5"}"#,
        "9007199254740993",
        "9007199254740994.0",
        "9223372036854775807",
        "9223372036854775808.0",
        r#"{"$decimal":"79228162514264337593543950335"}"#,
        "79228162514264337593543950336.0",
        r#"{"$float":"inf"}"#,
    ]);
    equal("1", "1.0");
    equal("1", r#"{"$decimal":"1.00"}"#);
    equal("0.5", r#"{"$decimal":"0.5"}"#);
    equal("0.0", r#"{"$float":"-0.0"}"#);
    equal(r#"{"$decimal":"1.0"}"#, r#"{"$decimal":"1.00"}"#);
    equal("[1]", "[1.0]");
    equal(r#"{"a":{"$set":[2]}}"#, r#"{"a":{"$set":[2.0]}}"#);
    assert!(v(r#"{"$float":"NaN"}"#).identical(&Value::Float(-f64::NAN)));
}

#[test]
fn containers_compare_item_by_item() {
    ascending(&["[]", "[1]", "[1,1]", "[1,2]", "[2]", r#"["a"]"#, "[[]]"]);
    ascending(&[r#"{}"#, r#"{"a":1}"#, r#"{"a":1,"b":1}"#, r#"{"a":2}"#, r#"{"b":0}"#]);
    ascending(&[r#""""#, r#""\u0001""#, r#""A""#, r#""a""#, r#""aa""#, r#""b""#, r#""é""#, r#""\ud83d\ude00""#]);
    ascending(&[
        r#"{"$record":"a:1"}"#,
        r#"{"$record":"a:2"}"#,
        r#"{"$record":"a:10"}"#,
        r#"{"$record":"a:'1'"}"#,
        r#"{"$record":"a:'10'"}"#,
        r#"{"$record":"a:'2'"}"#,
        r#"{"$record":"a:u'00000000-0000-0000-0000-000000000000'"}"#,
        r#"{"$record":{"table":"a","key":[]}}"#,
        r#"{"$record":{"table":"a","key":{}}}"#,
        r#"{"$record":"b:0"}"#,
    ]);
    ascending(&[
        r#"{"$range":{"end":{"excluded":1}}}"#,
        r#"{"$range":{"end":{"included":1}}}"#,
        r#"{"$range":{}}"#,
        r#"{"$range":{"begin":{"included":1}}}"#,
        r#"{"$range":{"begin":{"excluded":1},"end":{"included":0}}}"#,
        r#"{"$range":{"begin":{"excluded":1}}}"#,
    ]);
}

/// A number as its sign, digits before and digits after the point, exactly.
fn digits(value: &Value) -> Option<(bool, String, String)> {
    let text = match Some(value) {
        Some(Value::Int(int)) => int.to_string(),
        // The longest fraction of a float has 1074 digits, and this prints them exactly.
        Some(Value::Float(float)) if float.is_finite() => format!("{float:.1074}"),
        Some(Value::Decimal(decimal)) => decimal.to_string(),
        _ => return None,
    };
    let (negative, text) = text.strip_prefix('-').map_or((false, text.as_str()), |text| (true, text));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    Some((negative && !zero, format!("{whole:0>310}"), format!("{fraction:0<1074}")))
}

fn oracle(a: &Value, b: &Value) -> Option<Ordering> {
    let ((a_negative, a_whole, a_fraction), (b_negative, b_whole, b_fraction)) = (digits(a)?, digits(b)?);
    let magnitudes = (a_whole, a_fraction).cmp(&(b_whole, b_fraction));
    Some(match (a_negative, b_negative) {
        (false, false) => magnitudes,
        (true, true) => magnitudes.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    })
}

#[test]
fn numbers_compare_as_their_digits_do() {
    let coverage = Coverage::default();
    run((number(), number(), 0..4), |(a, b, near)| {
        let b = match (&a, near) {
            (Value::Float(float), 0) if float.is_finite() => Decimal::from_f64_retain(*float).map_or(b, Value::Decimal),
            (Value::Int(int), 0) => Value::Float(*int as f64),
            _ => b,
        };
        let Some(expected) = oracle(&a, &b) else { return Ok(()) };
        coverage.case([a.kind_name(), if expected.is_eq() { "equal" } else { "different" }]);
        prop_assert_eq!(a.cmp(&b), expected, "{} and {}", a, b);
        Ok(())
    });
    coverage.require("numbers", &[("int", 20.0), ("float", 20.0), ("decimal", 20.0), ("equal", 5.0), ("different", 50.0)]);
}

#[test]
fn the_order_is_total() {
    let coverage = Coverage::default();
    let state = RandomState::new();
    run((neighbours(), value()), |((a, b), c)| {
        coverage.case(kinds(&a).into_iter().chain([match a.cmp(&b) {
            Ordering::Less => "less",
            Ordering::Equal => "equal",
            Ordering::Greater => "greater",
        }]));
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a.cmp(&a), Ordering::Equal);
        prop_assert!(a.identical(&a));
        if a == b {
            prop_assert_eq!(state.hash_one(&a), state.hash_one(&b), "equal values have equal hashes");
        } else {
            prop_assert!(!a.identical(&b));
        }
        let mut sorted = [&a, &b, &c];
        sorted.sort();
        prop_assert!(sorted[0] <= sorted[1] && sorted[1] <= sorted[2] && sorted[0] <= sorted[2]);
        Ok(())
    });
    coverage.require("order", &[ALL_KINDS.as_slice(), &[("equal", 10.0), ("less", 15.0), ("greater", 15.0)]].concat());
}
