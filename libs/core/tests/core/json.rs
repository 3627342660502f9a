//! Mutants: duplicates compared only among the first 16 keys; the depth not counted in arrays; `1.0` read as an int; any low
//! surrogate taken; a `$` key taken as a field; `$object` that refuses such keys.
use ddb_core::json::{self, Json};
use ddb_core::{ErrorCode, RecordId, Value};
use proptest::prelude::*;

use crate::coverage::{Coverage, run};
use crate::values::{ALL_KINDS, kinds, value};

#[track_caller]
fn parses(text: &str, expected: Json) {
    assert_eq!(json::parse(text.as_bytes()).expect(text), expected, "{text}");
}

#[track_caller]
fn bad_request(body: impl AsRef<[u8]>, expected: &str) {
    let error = json::parse(body.as_ref()).expect_err("it is not JSON");
    assert_eq!(error.code(), ErrorCode::BadRequest);
    assert!(error.message().contains(expected), "{:?} does not contain {expected:?}", error.message());
}

#[track_caller]
fn invalid(body: &str, field: &str) {
    let error =
        json::parse(body.as_bytes()).and_then(|json| json::to_value(json, "", RecordId::parse)).expect_err("it is not storable");
    assert_eq!(error.code(), ErrorCode::ValidationFailed, "{}", error.message());
    assert_eq!(error.details()[0].field, field, "{}", error.message());
}

/// Mutants: keys not counted; values not counted.
#[test]
fn a_body_has_at_most_a_million_values_and_keys() {
    let array = |items: usize| format!("[{}0]", "0,".repeat(items - 1));
    let objects = |items: usize| format!("[{}{{}}]", "{\"a\":1},".repeat(items));
    assert!(json::parse(array(999_999).as_bytes()).is_ok());
    bad_request(array(1_000_000), "more than 1000000 values and keys");
    assert!(json::parse(objects(333_332).as_bytes()).is_ok());
    bad_request(objects(333_333), "more than 1000000 values and keys");
}

#[test]
fn notation_tells_int_from_float() {
    parses("1", Json::Int(1));
    parses(" -0 ", Json::Int(0));
    parses("1.0", Json::Float(1.0));
    parses("1e0", Json::Float(1.0));
    parses("1E+2", Json::Float(100.0));
    parses("-9223372036854775808", Json::Int(i64::MIN));
    parses("9223372036854775807", Json::Int(i64::MAX));
    parses("1e-999", Json::Float(0.0));
    parses("0.1", Json::Float(0.1));
    parses("\u{feff} 1", Json::Int(1));
    parses("1e21", Json::Float(1e21));
    parses("1E21", Json::Float(1e21));
    parses("1e+21", Json::Float(1e21));
    parses("-1.5e-7", Json::Float(-1.5e-7));
    parses("1e-7", Json::Float(1e-7));
    parses("5e-324", Json::Float(5e-324));
    parses("2e-324", Json::Float(0.0));
    parses("1.7976931348623157e308", Json::Float(f64::MAX));
    parses("1e0000000000000000000021", Json::Float(1e21));
    parses("0e99999999999", Json::Float(0.0));
    parses("0.1e309", Json::Float(1e308));
    parses(&format!("1{}.0", "0".repeat(300)), Json::Float(1e300));
    parses("1000000000000000000000.0", Json::Float(1e21));
    parses("\t[ ]\r\n", Json::Array(vec![]));
    parses(r#""\u0041\ud83d\ude00\/\b\f\n\r\t\\\"é""#, Json::String("A😀/\u{8}\u{c}\n\r\t\\\"é".to_owned()));
    parses(
        r#"{"b":null,"a":[true,false]}"#,
        Json::Object(vec![
            ("b".to_owned(), Json::Null),
            ("a".to_owned(), Json::Array(vec![Json::Bool(true), Json::Bool(false)])),
        ]),
    );
    let Json::Float(zero) = json::parse(b"-0.0").expect("a number") else { panic!("-0.0 is a float") };
    assert!(zero.is_sign_negative());
}

#[test]
fn syntax_is_refused_with_its_place() {
    bad_request("", "line 1, column 1: expected a value, found the end");
    bad_request("{\"a\":1,\n  é}", "line 2, column 3: expected a key in double quotes, found `é`");
    bad_request("{\"é\":x}", "line 1, column 6: expected a value, found `x`");
    bad_request("[1,]", "column 4: expected a value, found `]`");
    bad_request("[1 2]", "column 4: expected `,` or `]`, found `2`");
    bad_request("{\"a\" 1}", "expected `:`");
    bad_request("{\"a\":1,}", "expected a key in double quotes");
    bad_request("{a:1}", "expected a key in double quotes");
    bad_request("1 1", "expected the end");
    bad_request("01", "cannot begin with 0");
    bad_request("-", "expected a digit");
    bad_request("1.", "expected a digit");
    bad_request(".5", "expected a value");
    bad_request("1e", "expected a digit");
    bad_request("+1", "expected a value");
    bad_request("NaN", "expected a value");
    bad_request("nul", "expected a value");
    bad_request("'a'", "expected a value");
    bad_request("\"a", "column 1: the string does not end");
    bad_request("\"a\\", "the string does not end");
    bad_request("\"a\nb\"", "control character");
    bad_request(r#""\x""#, "unknown escape");
    bad_request(r#""\u12""#, "four hexadecimal digits");
    bad_request(r#""\u+123""#, "four hexadecimal digits");
    bad_request(r#""\ud800""#, "lone surrogate");
    bad_request(r#""\ud800\u0041""#, "lone surrogate");
    bad_request(r#""\udc00""#, "lone surrogate");
    bad_request(b"\"\xFF\"", "line 1, column 2: the body is not valid UTF-8");
    bad_request("\u{feff}\u{feff}1", "line 1, column 1: expected a value");
    bad_request("1\u{feff}", "line 1, column 2: expected the end");
    bad_request("\u{feff}\n{\"é\":x}", "line 2, column 6: expected a value, found `x`");
    bad_request("\u{feff}", "line 1, column 1: expected a value, found the end");
    bad_request(b"\xEF\xBB1", "line 1, column 1: the body is not valid UTF-8");
    bad_request(b"\xFF\xFE1\0", "the body is UTF-16; send it as UTF-8");
    bad_request(b"\xFE\xFF\x001", "the body is UTF-16; send it as UTF-8");
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    bad_request(r#"{"a":1,"a":2}"#, "column 8: the key `a` stands twice");
    bad_request(r#"{"a":1,"\u0061":2}"#, "the key `a` stands twice");
    for count in [15, 16, 17, 18, 100] {
        let keys: Vec<String> = (0..count).map(|key| format!("\"k{key}\":0")).collect();
        assert!(json::parse(format!("{{{}}}", keys.join(",")).as_bytes()).is_ok());
        for twice in [0, count / 2, count - 1] {
            bad_request(format!("{{{},\"k{twice}\":0}}", keys.join(",")), &format!("the key `k{twice}` stands twice"));
        }
    }
    assert!(json::parse(br#"[{"a":1},{"a":2}]"#).is_ok());
}

#[test]
fn depth_is_bounded() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(json::parse(nested(64).as_bytes()).is_ok());
    bad_request(nested(65), "line 1, column 65: more than 64 levels");
    bad_request("[".repeat(10_000), "more than 64 levels");
    bad_request("{\"a\":".repeat(10_000), "more than 64 levels");
}

#[test]
fn what_parses_but_cannot_be_stored_is_refused_with_its_field() {
    invalid(r#"{"a":{"b":[1,{"c":"x\u0000"}]}}"#, "a.b[1].c");
    invalid(r#"{"a":1,"b\u0000":{}}"#, "b\u{fffd}");
    invalid(r#"{"a":[[0],[1,99999999999999999999]]}"#, "a[1][1]");
    invalid(r#"{"a":{"x":[]},"b":-1e400}"#, "b");
    invalid("9223372036854775808", "");
    invalid(r#"{"a":{"$inc":1}}"#, "a.$inc");
    invalid(r#"{"a":{"b":1,"$c":2}}"#, "a.$c");
    invalid(r#"{"$c":2}"#, "$c");
    invalid(r#"{"a":[{"$datetime":"yesterday"}]}"#, "a[0]");
    invalid(r#"{"a":{"$set":[1,{"$uuid":"x"}]}}"#, "a[1]");
    invalid(r#"{"a":{"$object":{"b":{"$c":1}}}}"#, "a.b.$c");
    for tag in [
        "none", "float", "decimal", "duration", "datetime", "uuid", "set", "object", "geometry", "bytes", "table", "record",
        "range",
    ] {
        for content in ["1", "null", "\"?\"", "[1]", "{\"type\":\"Point\"}"] {
            if (tag, content) == ("set", "[1]") || (tag, content) == ("object", "{\"type\":\"Point\"}") {
                continue;
            }
            invalid(&format!("{{\"f\":{{\"${tag}\":{content}}}}}"), "f");
        }
    }
    // Mutant: `record()` in `tags.rs` without `check_storable`.
    let long = "k".repeat(513);
    for key in ["\"\"", &format!("\"{long}\""), "\"a\\u0001b\"", "\"a\\u0085b\"", "true", "1.5", "null"] {
        let link = format!(r#"{{"$record":{{"table":"t","key":{key}}}}}"#);
        invalid(&format!(r#"{{"a":{link}}}"#), "a");
        invalid(&format!(r#"{{"a":[0,{{"b":{link}}}]}}"#), "a[1].b");
        invalid(&format!(r#"{{"a":{{"$range":{{"begin":{{"included":{link}}}}}}}}}"#), "a.begin.included");
    }
    // A syntax error further on weighs more: the body did not parse.
    bad_request(r#"{"a":1e400,"b":}"#, "expected a value");
    assert_eq!(json::to_value(Json::Float(1.0), "x", RecordId::parse).expect("a value"), Value::Int(1));
}

#[track_caller]
fn tag_says(tag: &str, expected: &str) {
    let body = format!("{{\"a\":{tag}}}");
    let error = json::parse(body.as_bytes()).and_then(|json| json::to_value(json, "", RecordId::parse)).expect_err(tag);
    assert_eq!(error.code(), ErrorCode::ValidationFailed, "{tag}");
    assert!(error.message().contains(expected), "{tag}: {}", error.message());
}

#[test]
fn a_refused_tag_says_what_is_wrong_and_what_is_right() {
    tag_says(r#"{"$datetime":"2023-02-29T00:00:00Z"}"#, "there is no 29 February in 2023");
    tag_says(r#"{"$datetime":1795341600}"#, "`$datetime` holds a string such as \"2026-11-22T10:00:00Z\"");
    tag_says(r#"{"$datetime":null}"#, "`$datetime` holds a string such as");
    tag_says(r#"{"$duration":"1.5h"}"#, "has the form `1h30m`");
    tag_says(r#"{"$duration":90}"#, "`$duration` holds a string such as \"1h30m\"");
    tag_says(r#"{"$uuid":"x"}"#, "`$uuid` holds a string such as \"018f8b8c-");
    tag_says(r#"{"$decimal":"1e5"}"#, "without an exponent");
    tag_says(r#"{"$decimal":1.5}"#, "`$decimal` holds a string of digits such as \"1.50\"");
    tag_says(r#"{"$float":"1.5"}"#, "other floats are numbers with a point");
    tag_says(r#"{"$bytes":"a-b_"}"#, "base64 with the letters");
    tag_says(r#"{"$table":"a b"}"#, "is not a table name");
    tag_says(r#"{"$record":"x"}"#, "has the form `table:key`");
    tag_says(r#"{"$record":1}"#, "a string `table:key`, or an object of `table` and `key`");
    tag_says(r#"{"$set":1}"#, "`$set` holds an array");
    tag_says(r#"{"$none":false}"#, "{\"$none\":true}");
    tag_says(r#"{"$geometry":"POINT(1 2)"}"#, "a GeoJSON geometry");
    tag_says(r#"{"$geometry":{"coordinates":[1,2]}}"#, "a geometry has a `type`: Point,");
    tag_says(r#"{"$geometry":{"type":"Circle","coordinates":[1,2]}}"#, "the `type` of a geometry is Point,");
    tag_says(r#"{"$geometry":{"type":"Point"}}"#, "a geometry of type Point has `coordinates`");
    tag_says(r#"{"$geometry":{"type":"Point","coordinates":[1,2,3]}}"#, "a position is `[longitude, latitude]`, two numbers");
    tag_says(r#"{"$geometry":{"type":"Point","coordinates":["1","2"]}}"#, "a position is `[longitude, latitude]`, two numbers");
    tag_says(r#"{"$geometry":{"type":"Polygon","coordinates":[1,2]}}"#, "nested arrays of positions");
    tag_says(
        r#"{"$geometry":{"type":"Point","coordinates":[1,2],"crs":1}}"#,
        "the members `type` and `coordinates` and no other",
    );
    tag_says(r#"{"$range":{"begin":1}}"#, "{\"included\": …}");
    tag_says(r#"{"$date":"2026-11-22"}"#, "$datetime");
    tag_says(r#"{"$datetime":"2026-11-22T10:00:00Z","b":1}"#, "does not stand alone in its object");
}

#[track_caller]
fn plain(typed: &str, expected: &str) {
    let value = json::to_value(json::parse(typed.as_bytes()).expect(typed), "", RecordId::parse).expect(typed);
    let mut out = Vec::new();
    json::write_plain(&value, &mut out);
    assert_eq!(String::from_utf8(out).expect("text"), expected);
    let mut out = Vec::new();
    json::write_typed(&value, &mut out);
    assert_eq!(String::from_utf8(out).expect("text"), typed, "the typed form");
}

#[test]
fn answers_are_plain_or_typed() {
    plain("1", "1");
    plain("1.0", "1.0");
    plain("1e300", "1e300");
    plain("1e21", "1e21");
    plain("-1e21", "-1e21");
    plain("1e16", "1e16");
    plain("1000000000000000.0", "1000000000000000.0");
    plain("9007199254740993", "9007199254740993");
    plain("1e-7", "1e-7");
    plain("5e-324", "5e-324");
    plain("0.1", "0.1");
    plain("1.7976931348623157e308", "1.7976931348623157e308");
    plain("-0.5", "-0.5");
    plain(r#"{"$float":"-0.0"}"#, "-0.0");
    plain(r#"{"$float":"NaN"}"#, r#""NaN""#);
    plain(r#"{"$float":"-inf"}"#, r#""-inf""#);
    plain(r#"{"$decimal":"1.50"}"#, r#""1.50""#);
    plain(r#"{"$duration":"1h30m"}"#, r#""1h30m""#);
    plain(r#"{"$datetime":"2026-11-22T10:00:00Z"}"#, r#""2026-11-22T10:00:00Z""#);
    plain(r#"{"$uuid":"018f0000-0000-7000-8000-000000000001"}"#, r#""018f0000-0000-7000-8000-000000000001""#);
    plain(r#"{"$record":"user:'1'"}"#, r#""user:'1'""#);
    plain(r#"{"$record":"user:my-key \"x\""}"#, r#""user:my-key \"x\"""#);
    plain(r#"{"$record":{"key":[1,"a"],"table":"t"}}"#, r#""t:[1, 'a']""#);
    plain(r#"{"$bytes":"AAEC"}"#, r#""AAEC""#);
    plain(r#"{"$table":"t"}"#, r#""t""#);
    plain(r#"{"$set":[1,2]}"#, "[1,2]");
    plain(r#"{"$geometry":{"type":"Point","coordinates":[1.5,2.0]}}"#, r#"{"type":"Point","coordinates":[1.5,2.0]}"#);
    plain(r#"{"$range":{"begin":{"included":1},"end":{"included":4}}}"#, r#""1..=4""#);
    plain(r#"{"$range":{"end":{"excluded":4}}}"#, r#""..4""#);
    plain(r#"{"$object":{"$none":true}}"#, r#"{"$none":true}"#);
    plain(r#"{"$none":true}"#, "null");
    plain(r#"{"a":[{"$none":true}],"b":{"$none":true},"c":""}"#, r#"{"a":[null],"c":""}"#);
    plain("\"\\u0001\\n\\\"\\\\/\u{7f}é\"", "\"\\u0001\\n\\\"\\\\/\u{7f}é\"");
}

#[test]
fn the_typed_form_reads_back_identical() {
    let coverage = Coverage::default();
    run(value(), |value| {
        coverage.case(kinds(&value));
        let mut typed = Vec::new();
        json::write_typed(&value, &mut typed);
        let back = json::parse(&typed).and_then(|json| json::to_value(json, "", RecordId::parse)).expect("typed JSON");
        prop_assert!(back.identical(&value), "{} came back as {}", value, back);
        let mut plain = Vec::new();
        json::write_plain(&value, &mut plain);
        prop_assert!(json::parse(&plain).is_ok(), "the plain form is JSON");
        Ok(())
    });
    coverage.require("typed JSON", &ALL_KINDS);
}

#[test]
fn arbitrary_bodies_never_panic() {
    let coverage = Coverage::default();
    let near = (value(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(value, place, byte)| {
        let mut text = Vec::new();
        json::write_typed(&value, &mut text);
        let place = place.index(text.len());
        text[place] = byte;
        text
    });
    let noise = "[\\[\\]{}:,\"$a\\\\u0-9d.eE+\\- \\n]{0,30}".prop_map(String::into_bytes);
    let bytes = proptest::collection::vec(any::<u8>(), 0..20);
    run(prop_oneof![8 => near, 4 => noise, 1 => bytes], |body| {
        let outcome = json::parse(&body).and_then(|json| json::to_value(json, "", RecordId::parse));
        coverage.case([match outcome {
            Ok(_) => "value",
            Err(error) if error.code() == ErrorCode::BadRequest => "bad request",
            Err(error) => {
                prop_assert_eq!(error.code(), ErrorCode::ValidationFailed);
                "invalid"
            }
        }]);
        Ok(())
    });
    coverage.require("damaged bodies", &[("value", 2.0), ("bad request", 30.0), ("invalid", 0.5)]);
}
