//! Mutants: the sign of a decimal dropped; the decoder takes bytes after the value, an unsorted set or object,
//! 65 levels, another NaN.
use ddb_core::{Decimal, Geometry, Value, canonical};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::coverage::{Coverage, run};
use crate::values::{ALL_KINDS, kinds, value};

#[test]
fn what_is_encoded_reads_back_identical() {
    let coverage = Coverage::default();
    run(value(), |value| {
        coverage.case(kinds(&value));
        let back = canonical::decode(&canonical::encode(&value)).expect("canonical bytes");
        prop_assert!(back.identical(&value), "{} came back as {}", value, back);
        Ok(())
    });
    coverage.require("canonical bytes", &ALL_KINDS);
}

#[test]
fn nul_and_a_negative_zero_read_back() {
    let mut zero = Decimal::new(0, 3);
    zero.set_sign_negative(true);
    for value in [Value::from("a\0b"), Value::Decimal(zero), Value::Float(-0.0), Value::Float(f64::NAN)] {
        assert!(canonical::decode(&canonical::encode(&value)).expect("canonical bytes").identical(&value));
    }
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]))
}

#[test]
fn more_than_64_levels_are_refused() {
    assert!(canonical::decode(&canonical::encode(&nested(64))).is_ok());
    assert!(canonical::decode(&canonical::encode(&nested(65))).is_err());
    let bytes = [vec![1], [0x0B, 0, 0, 0, 1].repeat(1_000_000), vec![0]].concat();
    assert!(canonical::decode(&bytes).is_err());
    let geometry = (0..65).fold(Geometry::Point((0.0, 0.0)), |inner, _| Geometry::Collection(vec![inner]));
    assert!(canonical::decode(&canonical::encode(&Value::Geometry(geometry))).is_err());
}

#[test]
fn what_is_not_canonical_is_refused() {
    let cases: [(&str, &[u8]); 17] = [
        ("no version", &[]),
        ("another version", &[2, 0]),
        ("no value", &[1]),
        ("an unknown tag", &[1, 0x13]),
        ("bytes after the value", &[1, 0, 0]),
        ("a short int", &[1, 4, 0, 0, 0]),
        ("another NaN", &[1, 5, 0x7F, 0xF8, 0, 0, 0, 0, 0, 1]),
        ("a decimal of scale 29", &[1, 6, 0, 29, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("a decimal of sign 2", &[1, 6, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("text that is not UTF-8", &[1, 7, 0, 0, 0, 1, 0xFF]),
        ("a length beyond the end", &[1, 7, 0xFF, 0xFF, 0xFF, 0xFF, b'a']),
        ("a second of nanoseconds", &[1, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0x3B, 0x9A, 0xCA, 0x00]),
        ("a count beyond the end", &[1, 0x0B, 0xFF, 0xFF, 0xFF, 0xFF, 0]),
        ("a set not in order", &[1, 0x0C, 0, 0, 0, 2, 1, 0]),
        ("a set with equal members", &[1, 0x0C, 0, 0, 0, 2, 1, 1]),
        ("an object not in order", &[1, 0x0D, 0, 0, 0, 2, 0, 0, 0, 1, b'b', 0, 0, 0, 0, 1, b'a', 0]),
        ("a table's bad name", &[1, 0x10, 0, 0, 0, 1, b'-']),
    ];
    for (name, bytes) in cases {
        assert!(canonical::decode(bytes).is_err(), "{name}");
    }
}

#[test]
fn arbitrary_bytes_never_panic_and_decode_to_what_encodes_to_them() {
    let coverage = Coverage::default();
    let near = (value(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(value, place, byte)| {
        let mut bytes = canonical::encode(&value);
        let place = place.index(bytes.len());
        bytes[place] = byte;
        bytes
    });
    let noise = vec(prop_oneof![0..0x14u8, any::<u8>()], 0..40).prop_map(|noise| [vec![1], noise].concat());
    run(prop_oneof![near, noise], |bytes| {
        match canonical::decode(&bytes) {
            Ok(value) => {
                coverage.case(["value"]);
                prop_assert_eq!(canonical::encode(&value), bytes);
            }
            Err(_) => coverage.case(["refused"]),
        }
        Ok(())
    });
    coverage.require("damaged canonical bytes", &[("value", 5.0), ("refused", 20.0)]);
}
