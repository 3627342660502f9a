//! Casts: `<kind> value`.
use ddb_core::{Bound, Datetime, Decimal, Duration, Geometry, Object, Range, Uuid, Value};
use ddb_darshjql::{Kind, parse_record_id};

use crate::arithmetic::float;
use crate::budget::Budget;
use crate::kind::{is_of_kind, whole};
use crate::problem::Problem;

/// The value as the kind; where it cannot be, the error names the kinds.
pub(crate) fn cast(value: Value, kind: &Kind, budget: &Budget) -> Result<Value, Problem> {
    if is_of_kind(&value, kind) {
        return Ok(value);
    }
    let from = value.kind_name();
    let made = match kind {
        Kind::Any => Some(value),
        Kind::None | Kind::Null => None,
        Kind::Bool => boolean(&value),
        Kind::Int => int(&value).map(Value::Int),
        Kind::Float => to_float(&value).map(Value::Float),
        Kind::Decimal => decimal(&value).map(Value::Decimal),
        Kind::Number => number(&value),
        Kind::String => {
            let text = string(&value);
            budget.use_bytes(text.as_ref().map_or(0, |text| text.len() as u64))?;
            text.map(Value::String)
        }
        Kind::Duration => text(&value).and_then(|text| Duration::parse(text).ok()).map(Value::Duration),
        Kind::Datetime => text(&value).and_then(|text| Datetime::parse(text).ok()).map(Value::Datetime),
        Kind::Uuid => text(&value).and_then(|text| Uuid::try_parse(text).ok()).map(Value::Uuid),
        Kind::Bytes => bytes(&value).map(Value::Bytes),
        Kind::Object => None,
        Kind::Range => range(&value),
        Kind::Geometry(_) => geometry(&value).map(Value::Geometry).filter(|made| is_of_kind(made, kind)),
        Kind::Record(_) => {
            text(&value).and_then(|text| parse_record_id(text).ok()).map(Value::from).filter(|made| is_of_kind(made, kind))
        }
        Kind::Array(of, most) => return items(value, of, *most, kind, budget).map(Value::Array),
        Kind::Set(of, most) => {
            let set = Value::set(items(value, of, None, kind, budget)?);
            Some(set).filter(|set| matches!(set, Value::Set(members) if most.is_none_or(|most| members.len() as u64 <= most)))
        }
        Kind::Either(kinds) => kinds.iter().find_map(|kind| cast(value.clone(), kind, budget).ok()),
    };
    made.ok_or_else(|| refused(from, kind))
}

fn refused(from: &str, kind: &Kind) -> Problem {
    Problem::invalid(format!("cannot cast this {from} to {kind}"))
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// `true` and `false`, and nothing else.
fn boolean(value: &Value) -> Option<Value> {
    match text(value)? {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        _ => None,
    }
}

fn int(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        number => whole(number),
    }
}

fn to_float(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => parse_float(text),
        number => float(number),
    }
}

/// Digits with a point or an exponent, and the names of those that have none.
fn parse_float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "inf" => Some(f64::INFINITY),
        "-inf" => Some(f64::NEG_INFINITY),
        _ => {
            let digits = text.strip_suffix('f').unwrap_or(text);
            let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
            if is_digits { digits.parse().ok() } else { None }
        }
    }
}

fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(int) => Some((*int).into()),
        Value::Float(float) => Decimal::try_from(*float).ok(),
        Value::Decimal(decimal) => Some(*decimal),
        Value::String(text) => Decimal::from_str_exact(text.strip_suffix("dec").unwrap_or(text)).ok(),
        _ => None,
    }
}

/// A string as the kind of number that it is written as.
fn number(value: &Value) -> Option<Value> {
    let text = text(value)?;
    if let Some(digits) = text.strip_suffix("dec") {
        return Decimal::from_str_exact(digits).ok().map(Value::Decimal);
    }
    text.parse().map(Value::Int).ok().or_else(|| parse_float(text).map(Value::Float))
}

/// The literal form, but strings, times, uuids, bytes and decimals without what marks them as such.
pub(crate) fn string(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Datetime(time) => Some(time.to_rfc3339()),
        Value::Uuid(uuid) => Some(uuid.to_string()),
        Value::Decimal(_) => Some(value.to_string().trim_end_matches("dec").to_owned()),
        Value::Bytes(bytes) => String::from_utf8(bytes.clone()).ok(),
        other => Some(other.to_string()),
    }
}

/// A string's UTF-8, or an array of bytes.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Array(items) => items.iter().map(|item| whole(item).and_then(|int| u8::try_from(int).ok())).collect(),
        _ => None,
    }
}

/// Two bounds, the second excluded.
fn range(value: &Value) -> Option<Value> {
    match value {
        Value::Array(items) => match items.as_slice() {
            [begin, end] => Some(Range { begin: Bound::Included(begin.clone()), end: Bound::Excluded(end.clone()) }.into()),
            _ => None,
        },
        _ => None,
    }
}

/// GeoJSON, or a point's longitude and latitude.
pub(crate) fn geometry(value: &Value) -> Option<Geometry> {
    match value {
        Value::Geometry(geometry) => Some(geometry.clone()),
        Value::Object(object) => geojson(object),
        Value::Array(items) => match items.as_slice() {
            [longitude, latitude] => Some(Geometry::Point((float(longitude)?, float(latitude)?))),
            _ => None,
        },
        _ => None,
    }
}

fn geojson(object: &Object) -> Option<Geometry> {
    Geometry::from_geojson(object.clone()).ok()
}

/// The items of an array, of a set or of a range of ints, each cast.
fn items(value: Value, of: &Kind, most: Option<u64>, kind: &Kind, budget: &Budget) -> Result<Vec<Value>, Problem> {
    let from = value.kind_name();
    let items = match value {
        Value::Array(items) | Value::Set(items) => items,
        Value::Range(range) => expand(&range, budget)?.ok_or_else(|| refused(from, kind))?,
        _ => return Err(refused(from, kind)),
    };
    if most.is_some_and(|most| items.len() as u64 > most) {
        return Err(refused(from, kind));
    }
    budget.use_steps(items.len() as u64)?;
    items.into_iter().map(|item| cast(item, of, budget)).collect()
}

/// The ints of a range that is closed on both sides; None where it is not one.
pub(crate) fn expand(range: &Range, budget: &Budget) -> Result<Option<Vec<Value>>, Problem> {
    let Some((begin, end)) = int_bounds(range) else { return Ok(None) };
    let count = (i128::from(end) - i128::from(begin)).max(0) as u64;
    budget.use_bytes(count.saturating_mul(size_of::<Value>() as u64))?;
    Ok(Some((begin..end).map(Value::Int).collect()))
}

/// The first int and the one behind the last.
pub(crate) fn int_bounds(range: &Range) -> Option<(i64, i64)> {
    let begin = match &range.begin {
        Bound::Included(Value::Int(begin)) => *begin,
        Bound::Excluded(Value::Int(begin)) => begin.checked_add(1)?,
        _ => return None,
    };
    let end = match &range.end {
        Bound::Included(Value::Int(end)) => end.checked_add(1)?,
        Bound::Excluded(Value::Int(end)) => *end,
        _ => return None,
    };
    Some((begin, end))
}
