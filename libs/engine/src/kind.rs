//! Whether a value is of a kind, and what a kind of parameter makes of it.
use ddb_core::{Geometry, Value};
use ddb_darshjql::{GeometryKind, Kind};

use crate::arithmetic::float;
use crate::problem::Problem;

/// Whether the value is of the kind as it stands.
pub(crate) fn is_of_kind(value: &Value, kind: &Kind) -> bool {
    match (kind, value) {
        (Kind::Any, _)
        | (Kind::None, Value::None)
        | (Kind::Null, Value::Null)
        | (Kind::Bool, Value::Bool(_))
        | (Kind::Int, Value::Int(_))
        | (Kind::Float, Value::Float(_))
        | (Kind::Decimal, Value::Decimal(_))
        | (Kind::Number, Value::Int(_) | Value::Float(_) | Value::Decimal(_))
        | (Kind::String, Value::String(_))
        | (Kind::Duration, Value::Duration(_))
        | (Kind::Datetime, Value::Datetime(_))
        | (Kind::Uuid, Value::Uuid(_))
        | (Kind::Bytes, Value::Bytes(_))
        | (Kind::Object, Value::Object(_))
        | (Kind::Range, Value::Range(_)) => true,
        (Kind::Geometry(kinds), Value::Geometry(geometry)) => kinds.is_empty() || kinds.contains(&geometry_kind(geometry)),
        (Kind::Record(tables), Value::Record(id)) => tables.is_empty() || tables.contains(&id.table),
        (Kind::Array(of, most), Value::Array(items)) | (Kind::Set(of, most), Value::Set(items)) => {
            most.is_none_or(|most| items.len() as u64 <= most) && items.iter().all(|item| is_of_kind(item, of))
        }
        (Kind::Either(kinds), _) => kinds.iter().any(|kind| is_of_kind(value, kind)),
        _ => false,
    }
}

/// The value as the kind has it, where nothing is lost and nothing is read into it: an int as a float or a decimal, a whole float as an int.
pub(crate) fn coerce(value: Value, kind: &Kind) -> Result<Value, Problem> {
    if is_of_kind(&value, kind) {
        return Ok(value);
    }
    let widened = match (kind, &value) {
        (Kind::Int, Value::Float(_) | Value::Decimal(_)) => whole(&value).map(Value::Int),
        (Kind::Float, Value::Int(_)) => float(&value).map(Value::Float),
        (Kind::Decimal, Value::Int(int)) => Some(Value::Decimal((*int).into())),
        (Kind::Either(kinds), _) => kinds.iter().find_map(|kind| coerce(value.clone(), kind).ok()),
        _ => None,
    };
    widened.ok_or_else(|| Problem::invalid(format!("expected {kind}, found {}", value.kind_name())))
}

pub(crate) fn is_number(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Float(_) | Value::Decimal(_))
}

/// A number without a fraction as an int.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(int) => Some(*int),
        // 2^63 is the first float beyond.
        Value::Float(float) if float.fract() == 0.0 && (-(2f64.powi(63))..2f64.powi(63)).contains(float) => Some(*float as i64),
        Value::Decimal(decimal) if decimal.is_integer() => i64::try_from(decimal.trunc()).ok(),
        _ => None,
    }
}

fn geometry_kind(geometry: &Geometry) -> GeometryKind {
    match geometry {
        Geometry::Point(_) => GeometryKind::Point,
        Geometry::Line(_) => GeometryKind::Line,
        Geometry::Polygon(_) => GeometryKind::Polygon,
        Geometry::MultiPoint(_) => GeometryKind::MultiPoint,
        Geometry::MultiLine(_) => GeometryKind::MultiLine,
        Geometry::MultiPolygon(_) => GeometryKind::MultiPolygon,
        Geometry::Collection(_) => GeometryKind::Collection,
    }
}
