//! Geometries as objects of the language.
use super::{Geometry, Object, Value};
use crate::number::Number;

impl Geometry {
    /// GeoJSON (RFC 7946): `type` and `coordinates` or `geometries`, nothing else.
    pub fn from_geojson(object: Object) -> Option<Self> {
        geometry(object)
    }
}

fn geometry(mut object: Object) -> Option<Geometry> {
    let Some(Value::String(kind)) = object.remove("type") else { return None };
    let content = object.remove(if kind == "GeometryCollection" { "geometries" } else { "coordinates" })?;
    if !object.is_empty() {
        return None;
    }
    Some(match kind.as_str() {
        "Point" => Geometry::Point(position(content)?),
        "LineString" => Geometry::Line(line(content)?),
        "Polygon" => Geometry::Polygon(list(content, line)?),
        "MultiPoint" => Geometry::MultiPoint(line(content)?),
        "MultiLineString" => Geometry::MultiLine(list(content, line)?),
        "MultiPolygon" => Geometry::MultiPolygon(list(content, |lines| list(lines, line))?),
        "GeometryCollection" => Geometry::Collection(list(content, member)?),
        _ => return None,
    })
}

fn member(value: Value) -> Option<Geometry> {
    let Value::Object(object) = value else { return None };
    geometry(object)
}

fn line(value: Value) -> Option<Vec<(f64, f64)>> {
    list(value, position)
}

fn position(value: Value) -> Option<(f64, f64)> {
    let Value::Array(items) = value else { return None };
    match items.as_slice() {
        [longitude, latitude] => Some((coordinate(longitude)?, coordinate(latitude)?)),
        _ => None,
    }
}

fn coordinate(value: &Value) -> Option<f64> {
    match Number::of(value)? {
        Number::Float(float) => Some(float),
        Number::Int(int) => Some(int as f64),
        Number::Decimal(_) => None,
    }
}

fn list<T>(value: Value, read: impl Fn(Value) -> Option<T>) -> Option<Vec<T>> {
    let Value::Array(items) = value else { return None };
    items.into_iter().map(read).collect()
}
