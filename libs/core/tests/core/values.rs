//! Values for the property tests, biased to what collides.
use ddb_core::{Bound, Datetime, Decimal, Duration, Geometry, Object, Range, RecordId, RecordKey, TableName, Uuid, Value};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;

/// Every kind, for `Coverage::require`.
pub(crate) const ALL_KINDS: [(&str, f64); 18] = [
    ("none", 3.0),
    ("null", 3.0),
    ("bool", 3.0),
    ("int", 5.0),
    ("float", 5.0),
    ("decimal", 5.0),
    ("string", 5.0),
    ("duration", 3.0),
    ("datetime", 3.0),
    ("uuid", 3.0),
    ("array", 5.0),
    ("set", 5.0),
    ("object", 5.0),
    ("geometry", 3.0),
    ("bytes", 3.0),
    ("table", 3.0),
    ("record", 5.0),
    ("range", 3.0),
];

/// The kinds that stand in a value, each once.
pub(crate) fn kinds(value: &Value) -> Vec<&'static str> {
    fn walk(value: &Value, out: &mut Vec<&'static str>) {
        out.push(value.kind_name());
        match value {
            Value::Array(items) | Value::Set(items) => items.iter().for_each(|item| walk(item, out)),
            Value::Object(object) => object.values().for_each(|value| walk(value, out)),
            Value::Range(range) => [&range.begin, &range.end].into_iter().for_each(|bound| match bound {
                Bound::Unbounded => {}
                Bound::Included(value) | Bound::Excluded(value) => walk(value, out),
            }),
            Value::Record(id) => match &id.key {
                RecordKey::Array(items) => items.iter().for_each(|item| walk(item, out)),
                RecordKey::Object(object) => object.values().for_each(|value| walk(value, out)),
                RecordKey::Int(_) | RecordKey::String(_) | RecordKey::Uuid(_) => {}
            },
            Value::None
            | Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Decimal(_)
            | Value::String(_)
            | Value::Duration(_)
            | Value::Datetime(_)
            | Value::Uuid(_)
            | Value::Geometry(_)
            | Value::Bytes(_)
            | Value::Table(_) => {}
        }
    }
    let mut out = Vec::new();
    walk(value, &mut out);
    out.sort_unstable();
    out.dedup();
    out
}

/// Any storable value.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            3 => inner.clone(),
            3 => vec(inner.clone(), 0..4).prop_map(Value::Array),
            3 => vec(inner.clone(), 0..4).prop_map(Value::set),
            3 => btree_map(object_key(), inner.clone(), 0..4).prop_map(Value::Object),
            1 => (table(), composite_key()).prop_map(|(table, key)| RecordId::new(table, key).into()),
            2 => (bound(inner.clone()), bound(inner)).prop_map(|(begin, end)| Range { begin, end }.into()),
        ]
    })
}

/// The fields of a record.
pub(crate) fn object() -> impl Strategy<Value = Object> {
    btree_map(object_key(), value().prop_filter("a field that is NONE is not stored", |value| !value.is_none()), 0..5)
}

pub(crate) fn number() -> impl Strategy<Value = Value> {
    prop_oneof![int().prop_map(Value::Int), float().prop_map(Value::Float), decimal().prop_map(Value::Decimal)]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::None),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        6 => number(),
        4 => text().prop_map(Value::String),
        1 => duration().prop_map(Value::Duration),
        1 => datetime().prop_map(Value::Datetime),
        1 => uuid().prop_map(Value::Uuid),
        2 => geometry().prop_map(Value::Geometry),
        1 => vec(select(vec![0u8, 1, 2, 0x7F, 0xFE, 0xFF]), 0..5).prop_map(Value::Bytes),
        1 => table().prop_map(Value::Table),
        2 => record_id().prop_map(Value::from),
    ]
}

const INTS: [i64; 22] = [
    0,
    1,
    -1,
    2,
    10,
    100,
    255,
    -256,
    (1 << 53) - 1,
    1 << 53,
    (1 << 53) + 1,
    (1 << 53) + 2,
    -(1 << 53),
    -(1 << 53) - 1,
    -(1 << 53) - 2,
    1 << 62,
    (1 << 62) + 1,
    i64::MAX - 512,
    i64::MAX - 1,
    i64::MAX,
    i64::MIN,
    i64::MIN + 1,
];

pub(crate) fn int() -> impl Strategy<Value = i64> {
    prop_oneof![3 => select(INTS.to_vec()), 1 => any::<i64>(), 1 => -20..20i64]
}

pub(crate) fn float() -> impl Strategy<Value = f64> {
    let specials = vec![
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        -f64::MIN_POSITIVE,
        5e-324,
        -5e-324,
        1e-310,
        0.0,
        -0.0,
        0.1,
        0.5,
        1.5,
        -1.5,
        1e15,
        1e16,
        1e-5,
        1e300,
        79_228_162_514_264_337_593_543_950_335.0,
        9_223_372_036_854_775_808.0,
        -9_223_372_036_854_775_808.0,
    ];
    let near_int = (int(), 0..3).prop_map(|(int, step)| match step {
        0 => int as f64,
        1 => (int as f64).next_up(),
        _ => (int as f64).next_down(),
    });
    prop_oneof![
        3 => select(specials),
        2 => near_int,
        1 => any::<u64>().prop_map(f64::from_bits),
        1 => (-1000..1000i32, 0..4i32).prop_map(|(number, scale)| f64::from(number) / 10f64.powi(scale)),
    ]
}

const TEXTS_OF_DECIMALS: [&str; 18] = [
    "0",
    "0.0",
    "0.0000000000000000000000000000",
    "1",
    "1.0",
    "1.00",
    "-1.5",
    "0.1",
    "0.5",
    "0.1000000000000000055511151231",
    "0.0000000000000000000000000001",
    "-0.0000000000000000000000000001",
    "79228162514264337593543950335",
    "-79228162514264337593543950335",
    "7.9228162514264337593543950335",
    "9007199254740993",
    "9007199254740992.5",
    "9223372036854775807.5",
];

pub(crate) fn decimal() -> impl Strategy<Value = Decimal> {
    let of_parts =
        |low: u32, middle: u32, high: u32, negative: bool, scale: u32| Decimal::from_parts(low, middle, high, negative, scale);
    prop_oneof![
        3 => select(TEXTS_OF_DECIMALS.to_vec()).prop_map(|text| text.parse().expect("a decimal")),
        2 => (int(), select(vec![0u32, 1, 2, 10, 28])).prop_map(|(int, scale)| Decimal::from_i128_with_scale(i128::from(int), scale)),
        1 => (any::<u32>(), any::<u32>(), any::<u32>(), any::<bool>(), 0..=28u32).prop_map(move |(a, b, c, negative, scale)| of_parts(a, b, c, negative, scale)),
        1 => (-1000..1000i64, 0..4u32).prop_map(|(number, scale)| Decimal::new(number, scale)),
    ]
}

fn text() -> impl Strategy<Value = String> {
    let texts = vec![
        "",
        "a",
        "a\u{1}",
        "aa",
        "ab",
        "b",
        "\u{1}",
        "\u{7f}",
        "ÿ",
        "é\"\\/\n\r\t\u{8}\u{c}\u{1f}",
        "名前",
        "😀",
        "1",
        "NONE",
        "a:1",
    ];
    prop_oneof![
        8 => select(texts).prop_map(str::to_owned),
        2 => "[a-b\u{1}]{0,4}",
        1 => "\\PC{0,12}",
        // Around the length at which keys are cut.
        1 => (select(vec!['a', 'b', 'é']), 330..1003usize, "[ab]{0,2}").prop_map(|(letter, length, end)| letter.to_string().repeat(length) + &end),
    ]
}

fn object_key() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => select(vec!["", "a", "b", "aa", "type", "coordinates", "$none", "$object", "$set", "$record", "$x", "key", "\u{1}", "é"]).prop_map(str::to_owned),
        1 => text().prop_filter("short", |text| text.len() < 100),
    ]
}

fn duration() -> impl Strategy<Value = Duration> {
    (prop_oneof![0..5u64, any::<u64>(), Just(31_536_000u64)], nanoseconds())
        .prop_map(|(seconds, nanoseconds)| Duration { seconds, nanoseconds })
}

pub(crate) fn datetime() -> impl Strategy<Value = Datetime> {
    let seconds = prop_oneof![-5..5i64, any::<i64>(), -62_135_596_800..253_402_300_800i64, select(vec![i64::MIN, i64::MAX])];
    (seconds, nanoseconds()).prop_map(|(seconds, nanoseconds)| Datetime { seconds, nanoseconds })
}

fn nanoseconds() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0u32), Just(500_000_000), Just(1_000), Just(999_999_999), 0..1_000_000_000u32]
}

fn uuid() -> impl Strategy<Value = Uuid> {
    prop_oneof![Just(Uuid::nil()), Just(Uuid::max()), any::<u128>().prop_map(Uuid::from_u128)]
}

pub(crate) fn table() -> impl Strategy<Value = TableName> {
    select(vec!["a", "aa", "b", "user", "_", "T9"]).prop_map(|name| TableName::parse(name).expect("a table's name"))
}

/// Ids whose key is an int, a string or a uuid.
pub(crate) fn record_id() -> impl Strategy<Value = RecordId> {
    let strings = vec![
        "a",
        "ab",
        "007",
        "0",
        "-0",
        "-1",
        "1",
        "99999999999999999999",
        "u'x'",
        "'q'",
        "'",
        "⟨x⟩",
        "⟩",
        "a\\b",
        "[x",
        "{",
        "é",
        "a b",
        "a:b",
        "00mwrn2xvkp67ijof04u",
    ];
    let key = prop_oneof![
        int().prop_map(RecordKey::Int),
        select(strings).prop_map(|text| RecordKey::String(text.to_owned())),
        "[^\\pC]{1,20}".prop_map(RecordKey::String),
        uuid().prop_map(RecordKey::Uuid),
    ];
    (table(), key).prop_map(|(table, key)| RecordId::new(table, key))
}

/// Arrays and objects as keys.
pub(crate) fn composite_key() -> impl Strategy<Value = RecordKey> {
    let scalar = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        8 => number(),
        4 => select(vec!["", "a", "aa", "b", "é", "名前", "1", "it's", "\\", "a:1", "⟨", "]", "London"]).prop_map(Value::from),
        1 => "[^\\pC]{0,12}".prop_map(Value::String),
        1 => duration().prop_map(Value::Duration),
        1 => datetime().prop_map(Value::Datetime),
        1 => uuid().prop_map(Value::Uuid),
        1 => vec(select(vec![0u8, 1, 2, 0x7F, 0xFE, 0xFF]), 0..5).prop_map(Value::Bytes),
        2 => record_id().prop_map(Value::from),
    ];
    let name = || select(vec!["", "a", "b", "aa", "a b", "$none", "é", "1a", "null"]).prop_map(str::to_owned);
    let part = scalar.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            4 => inner.clone(),
            2 => vec(inner.clone(), 0..4).prop_map(Value::Array),
            2 => vec(inner.clone(), 0..4).prop_map(Value::set),
            2 => btree_map(name(), inner.clone(), 0..4).prop_map(Value::Object),
            1 => (table(), vec(inner, 0..3)).prop_filter_map("a key", |(table, items)| {
                Some(RecordId::new(table, RecordKey::from_value(Value::Array(items)).ok()?).into())
            }),
        ]
    });
    let whole = prop_oneof![
        3 => vec(part.clone(), 0..4).prop_map(Value::Array),
        2 => btree_map(name(), part, 0..4).prop_map(Value::Object),
    ];
    whole.prop_filter_map("a key", |value| RecordKey::from_value(value).ok())
}

fn geometry() -> impl Strategy<Value = Geometry> {
    let position = || (float(), float());
    let line = move || vec(position(), 0..3);
    let lines = move || vec(line(), 0..3);
    let one = prop_oneof![
        position().prop_map(Geometry::Point),
        line().prop_map(Geometry::Line),
        lines().prop_map(Geometry::Polygon),
        line().prop_map(Geometry::MultiPoint),
        lines().prop_map(Geometry::MultiLine),
        vec(lines(), 0..3).prop_map(Geometry::MultiPolygon),
    ];
    one.prop_recursive(2, 6, 3, |inner| vec(inner, 0..3).prop_map(Geometry::Collection))
}

fn bound(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Bound> {
    (0..3, inner).prop_map(|(side, value)| match side {
        0 => Bound::Unbounded,
        1 => Bound::Included(value),
        _ => Bound::Excluded(value),
    })
}

/// A value and one beside it: itself, a small change of it, or any other.
pub(crate) fn neighbours() -> impl Strategy<Value = (Value, Value)> {
    (value(), value(), any::<u64>()).prop_map(|(a, other, seed)| {
        let b = match seed % 8 {
            0 => other,
            1 => a.clone(),
            _ => changed(&a, seed / 8),
        };
        (a, b)
    })
}

/// The value with a small change somewhere inside.
pub(crate) fn changed(value: &Value, seed: u64) -> Value {
    let (choice, seed) = (seed % 4, seed / 4);
    match value {
        Value::Int(int) => match choice {
            0 => Value::Float(*int as f64),
            1 => Value::Decimal(Decimal::from(*int)),
            2 => Value::Int(int.wrapping_add(1)),
            _ => Value::Float((*int as f64).next_up()),
        },
        Value::Float(float) => match choice {
            0 => Value::Float(float.next_up()),
            1 => Value::Float(-float),
            2 => Decimal::try_from(*float).map_or(Value::Int(*float as i64), Value::Decimal),
            _ => Value::Int(*float as i64),
        },
        Value::Decimal(decimal) => match choice {
            0 => f64::try_from(*decimal).map_or(Value::Int(0), Value::Float),
            1 => Value::Decimal(-*decimal),
            2 => Value::Decimal(decimal.checked_add(Decimal::new(1, 28)).unwrap_or(*decimal)),
            _ => Value::Decimal(decimal.normalize()),
        },
        Value::String(text) => Value::String(match choice {
            0 => text.clone() + "\0",
            1 => text.clone() + "a",
            2 => text.clone() + "\u{1}",
            _ => text.chars().rev().skip(1).collect::<Vec<_>>().into_iter().rev().collect(),
        }),
        Value::Bytes(bytes) => Value::Bytes([bytes.as_slice(), &[[0, 1, 0xFE, 0xFF][choice as usize]]].concat()),
        Value::Array(items) => Value::Array(changed_list(items, choice, seed)),
        Value::Set(items) => Value::set(changed_list(items, choice, seed)),
        Value::Object(object) => {
            let mut object = object.clone();
            match (choice, object.values_mut().next()) {
                (0, _) => drop(object.insert("a\0".to_owned(), Value::Null)),
                (1, _) => drop(object.pop_first()),
                (_, Some(first)) => *first = changed(first, seed),
                (_, None) => drop(object.insert(String::new(), Value::None)),
            }
            Value::Object(object)
        }
        Value::Range(range) => {
            let mut range = range.as_ref().clone();
            let bound = if choice % 2 == 0 { &mut range.begin } else { &mut range.end };
            *bound = match bound.clone() {
                Bound::Unbounded => Bound::Included(Value::None),
                Bound::Included(value) if choice < 2 => Bound::Excluded(value),
                Bound::Included(value) => Bound::Included(changed(&value, seed)),
                Bound::Excluded(value) => Bound::Included(value),
            };
            range.into()
        }
        Value::Record(id) => {
            let mut id = id.as_ref().clone();
            id.key = match id.key {
                RecordKey::Int(int) => RecordKey::Int(int.wrapping_add(1)),
                RecordKey::String(text) => RecordKey::String(text + "a"),
                RecordKey::Uuid(uuid) => RecordKey::String(uuid.to_string()),
                RecordKey::Array(items) => RecordKey::Array(changed_list(&items, choice, seed)),
                RecordKey::Object(_) => RecordKey::Array(vec![]),
            };
            id.into()
        }
        Value::Duration(duration) => Value::Duration(Duration { seconds: duration.seconds ^ 1, ..*duration }),
        Value::Datetime(datetime) => Value::Datetime(Datetime { seconds: datetime.seconds ^ 1, ..*datetime }),
        Value::Uuid(uuid) => Value::Uuid(Uuid::from_u128(uuid.as_u128() ^ 1)),
        Value::Geometry(geometry) => Value::Geometry(Geometry::Collection(vec![geometry.clone()])),
        Value::None => Value::Null,
        Value::Null => Value::Bool(false),
        Value::Bool(flag) => Value::Bool(!flag),
        Value::Table(table) => Value::String(table.to_string()),
    }
}

fn changed_list(items: &[Value], choice: u64, seed: u64) -> Vec<Value> {
    let mut items = items.to_vec();
    match (choice, items.last_mut()) {
        (0, _) | (_, None) => items.push(Value::None),
        (1, Some(_)) => drop(items.pop()),
        (_, Some(last)) => *last = changed(last, seed),
    }
    items
}
