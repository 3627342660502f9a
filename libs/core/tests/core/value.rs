//! Mutants: `set` without `dedup`; a level not counted in ranges; NUL accepted in object keys.
use ddb_core::{Bound, Geometry, MAX_DEPTH, Object, Range, RecordId, RecordKey, TableName, Value};

#[test]
fn a_value_is_small() {
    assert_eq!(size_of::<Value>(), 32);
}

#[test]
fn a_set_is_sorted_and_of_equal_members_the_first_stays() {
    let set = Value::set(vec![Value::Int(2), Value::Float(1.0), Value::Int(1), Value::Null, Value::Float(2.0)]);
    assert!(set.identical(&Value::Set(vec![Value::Null, Value::Float(1.0), Value::Int(2)])));
}

fn table() -> TableName {
    TableName::parse("t").expect("a table's name")
}

type Wrap = fn(Value) -> Value;

/// Each way to nest by one level, and how many levels of it a value may have.
fn wraps() -> [(Wrap, usize); 6] {
    [
        (|inner| Value::Array(vec![Value::Null, inner]), MAX_DEPTH),
        (|inner| Value::set(vec![inner]), MAX_DEPTH),
        (|inner| Value::Object(Object::from([("a".to_owned(), inner)])), MAX_DEPTH),
        (|inner| Range { begin: Bound::Unbounded, end: Bound::Excluded(inner) }.into(), MAX_DEPTH),
        (|inner| RecordId::new(table(), RecordKey::Array(vec![inner])).into(), 32),
        (|inner| RecordId::new(table(), RecordKey::Object(Object::from([(String::new(), inner)]))).into(), 32),
    ]
}

#[test]
fn a_value_nests_at_most_64_levels_and_a_key_32() {
    for (wrap, most) in wraps() {
        let nested = |levels| (0..levels).fold(Value::Int(1), |inner, _| wrap(inner));
        assert_eq!(nested(MAX_DEPTH).depth(), MAX_DEPTH);
        assert!(nested(most).check_storable("a").is_ok());
        assert_eq!(nested(most + 1).check_storable("a").expect_err("too deep").details()[0].code, "DEPTH");
    }
    let link = |levels| {
        RecordId::new(table(), RecordKey::Array(vec![(1..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]))]))
    };
    let at = |levels, value| (0..levels).fold(value, |inner, _| Value::Array(vec![inner]));
    assert!(at(32, link(32).into()).check_storable("a").is_ok());
    assert!(at(33, link(32).into()).check_storable("a").is_err());
    assert!(at(33, link(31).into()).check_storable("a").is_ok());
    let geometry = (0..MAX_DEPTH + 1).fold(Geometry::Point((0.0, 0.0)), |inner, _| Geometry::Collection(vec![inner]));
    assert!(Value::Geometry(geometry).check_storable("a").is_err());
    assert_eq!(Value::Array(vec![]).depth(), 1);
    assert_eq!(Value::Null.depth(), 0);
}

#[test]
fn what_cannot_be_stored_is_refused_with_its_field() {
    let refused = |value: Value| value.check_storable("a").expect_err("not storable").details()[0].field.clone();
    assert_eq!(refused(Value::from("x\0")), "a");
    assert_eq!(refused(Value::Array(vec![Value::Null, Value::from("\0")])), "a[1]");
    assert_eq!(refused(Value::Object(Object::from([("b".to_owned(), Value::set(vec![Value::from("\0")]))]))), "a.b[0]");
    assert_eq!(refused(Value::Object(Object::from([("b\0".to_owned(), Value::Null)]))), "a.b\u{fffd}");
    for key in ["", "a\0", "a\n", &"k".repeat(513)] {
        let key = RecordKey::String(key.to_owned());
        assert_eq!(key.check_storable().expect_err("no key").details()[0].field, "id");
        assert_eq!(refused(RecordId::new(TableName::user(), key).into()), "a");
    }
}

#[test]
fn literals_are_the_languages() {
    let shown = |value: Value| value.to_string();
    assert_eq!(shown(Value::None), "NONE");
    assert_eq!(shown(Value::Array(vec![Value::Int(1), Value::from("a")])), "[1, 'a']");
    assert_eq!(shown(Value::Object(Object::from([("a".to_owned(), Value::Int(1))]))), "{ a: 1 }");
    assert_eq!(shown(Value::Float(1.0)), "1f");
    assert_eq!(shown(Value::set(vec![])), "{,}");
    assert_eq!(shown(Value::set(vec![Value::Int(2), Value::Int(1)])), "{1, 2}");
    assert_eq!(shown(Value::Bytes(vec![0, 0xFF])), "b'00FF'");
    assert_eq!(shown(Range { begin: Bound::Excluded(Value::Int(1)), end: Bound::Included(Value::Int(4)) }.into()), "1>..=4");
}
