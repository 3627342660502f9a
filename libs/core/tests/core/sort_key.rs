//! Mutants: `floor` without the steps down; `write_digits` without the exponent; negative digits not inverted; 00 in text not escaped;
//! `END` left out of `write_items`; the body cut without its hash; `encode_descending` without `invert`; `decode_record_key` that
//! takes bytes after the end.
use std::cmp::Ordering;

use ddb_core::{RecordKey, Uuid, Value, sort_key};
use proptest::prelude::*;

use crate::coverage::{Coverage, run};
use crate::values::{ALL_KINDS, changed, composite_key, kinds, neighbours, number, record_id};

/// What is left of a cut key for comparing: the bytes before the mark.
fn kept(key: &[u8]) -> &[u8] {
    &key[..key.len().min(1_001)]
}

fn check(a: &Value, b: &Value) -> Result<&'static str, TestCaseError> {
    let (a_key, b_key) = (sort_key::encode(a), sort_key::encode(b));
    let both_cut = sort_key::is_cut(&a_key) && sort_key::is_cut(&b_key);
    prop_assert_eq!(a_key == b_key, a == b, "equal keys, equal values: {} and {}", a, b);
    if both_cut && kept(&a_key) == kept(&b_key) {
        return Ok("both cut alike");
    }
    prop_assert_eq!(a_key.cmp(&b_key), a.cmp(b), "{} and {}", a, b);
    prop_assert_eq!(sort_key::encode_descending(a).cmp(&sort_key::encode_descending(b)), b.cmp(a), "descending: {} and {}", a, b);
    Ok(match (a.cmp(b), sort_key::is_cut(&a_key) || sort_key::is_cut(&b_key)) {
        (Ordering::Equal, _) => "equal",
        (_, true) => "one cut",
        (_, false) => "different",
    })
}

#[test]
fn keys_are_ordered_as_values_are() {
    let coverage = Coverage::default();
    run(neighbours(), |(a, b)| {
        let outcome = check(&a, &b)?;
        coverage.case(kinds(&a).into_iter().chain([outcome]));
        Ok(())
    });
    coverage.require("sort keys", &[ALL_KINDS.as_slice(), &[("equal", 10.0), ("different", 40.0), ("one cut", 0.2)]].concat());
}

#[test]
fn keys_of_numbers_are_ordered_as_numbers_are() {
    let coverage = Coverage::default();
    run((number(), number(), any::<u8>()), |(a, other, seed)| {
        let (nested, b) = (seed % 2 == 0, if seed % 3 == 0 { other } else { changed(&a, u64::from(seed / 3)) });
        let (a, b) = if nested { (Value::Array(vec![a, Value::None]), Value::Array(vec![b])) } else { (a, b) };
        coverage.case([check(&a, &b)?]);
        Ok(())
    });
    coverage.require("sort keys of numbers", &[("equal", 1.0), ("different", 60.0)]);
}

#[test]
fn a_cut_key_says_so_and_has_a_bounded_length() {
    for length in 990..1_010 {
        let key = sort_key::encode(&Value::String("a".repeat(length)));
        let body = length + 2;
        assert_eq!(sort_key::is_cut(&key), body > 1_000, "{length}");
        assert_eq!(key.len(), if body > 1_000 { 1_034 } else { body + 1 }, "{length}");
    }
}

#[test]
fn keys_around_the_cut_are_ordered_as_far_as_they_tell() {
    let coverage = Coverage::default();
    run((neighbours(), 960..1_003usize), |((a, b), length)| {
        let behind = |value: Value| Value::Array(vec![Value::String("a".repeat(length)), value]);
        let outcome = check(&behind(a), &behind(b))?;
        coverage.case([outcome]);
        Ok(())
    });
    coverage
        .require("sort keys around the cut", &[("one cut", 10.0), ("both cut alike", 10.0), ("different", 5.0), ("equal", 2.0)]);
}

#[test]
fn no_key_begins_another() {
    run(neighbours(), |(a, b)| {
        let (a_key, b_key) = (sort_key::encode(&a), sort_key::encode(&b));
        prop_assert!(a == b || !a_key.starts_with(&b_key) && !b_key.starts_with(&a_key), "{} and {}", a, b);
        Ok(())
    });
}

#[test]
fn record_keys_read_back_and_are_ordered() {
    let coverage = Coverage::default();
    let key = || prop_oneof![1 => record_id().prop_map(|id| id.key), 3 => composite_key()];
    run((key(), key()), |(a, b)| {
        coverage.case(kinds(&a.clone().into()));
        let (a_key, b_key) = (sort_key::encode_record_key(&a).expect("short"), sort_key::encode_record_key(&b).expect("short"));
        prop_assert_eq!(a_key.cmp(&b_key), a.cmp(&b));
        let back = sort_key::decode_record_key(&a_key);
        prop_assert!(back.as_ref().is_some_and(|back| back.identical(&a)), "{} came back as {:?}", a.literal(), back);
        prop_assert!(sort_key::decode_record_key(&[&a_key[..], &[0]].concat()).is_none());
        prop_assert!(sort_key::decode_record_key(&a_key[..a_key.len() - 1]).is_none());
        Ok(())
    });
    let in_keys: Vec<(&str, f64)> =
        ALL_KINDS.into_iter().filter(|(kind, _)| !["none", "geometry", "table", "range"].contains(kind)).collect();
    coverage.require("record keys", &in_keys);
    assert_eq!(sort_key::encode_record_key(&RecordKey::Int(-1)).expect("short").len(), 9);
    let longest = RecordKey::String("k".repeat(512));
    assert!(sort_key::encode_record_key(&longest).is_ok());
    let too_long = RecordKey::Array(vec![Value::String("k".repeat(1_000))]);
    assert_eq!(sort_key::encode_record_key(&too_long).expect_err("too long").code().http_status(), 422);
}

/// Mutant: `read` without writing anew what it read.
#[test]
fn arbitrary_bytes_are_never_taken_for_another_key() {
    let check = |bytes: Vec<u8>| {
        let key = sort_key::decode_record_key(&bytes);
        if let Some(key) = &key {
            prop_assert!(
                key.check_storable().is_ok() || matches!(key, RecordKey::String(_)) || bytes.len() > 512 || has_control(key)
            );
            prop_assert_eq!(sort_key::encode_record_key(key).expect("short"), bytes);
        }
        Ok(key.is_some())
    };
    let alphabet = vec![0u8, 1, 0x18, 0x20, 0x24, 0x28, 0x30, 0x48, 0x50, 0x58, 0x60, 0x70, 0x80, 0xC0, b'a', 0x7F, 0x81, 0xFF];
    run(proptest::collection::vec(proptest::sample::select(alphabet.clone()), 0..20), |bytes| check(bytes).map(drop));
    let coverage = Coverage::default();
    run((composite_key(), any::<proptest::sample::Index>(), proptest::sample::select(alphabet)), |(key, place, byte)| {
        let mut bytes = sort_key::encode_record_key(&key).expect("short");
        let place = place.index(bytes.len());
        bytes[place] = byte;
        coverage.case([if check(bytes)? { "still a key" } else { "none" }]);
        Ok(())
    });
    coverage.require("changed keys", &[("still a key", 5.0), ("none", 30.0)]);
    let uuid = RecordKey::Uuid(Uuid::max());
    assert_eq!(sort_key::decode_record_key(&sort_key::encode_record_key(&uuid).expect("short")), Some(uuid));
}

fn has_control(key: &RecordKey) -> bool {
    Value::from(key.clone()).to_string().chars().any(char::is_control)
}
