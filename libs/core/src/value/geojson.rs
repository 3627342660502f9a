//! Geometries as objects of the language.
use super::{Geometry, Object, Value};
use crate::number::Number;

impl Geometry {
    /// GeoJSON (RFC 7946): `type` and `coordinates` or `geometries`, nothing else.
    pub fn from_geojson(object: Object) -> Result<Self, String> {
        geometry(object)
    }
}

const KINDS: &str = "Point, LineString, Polygon, MultiPoint, MultiLineString, MultiPolygon or GeometryCollection";

fn geometry(mut object: Object) -> Result<Geometry, String> {
    let kind = match object.remove("type") {
        Some(Value::String(kind)) => kind,
        Some(_) | None => return Err(format!("a geometry has a `type`: {KINDS}")),
    };
    let content = if kind == "GeometryCollection" { "geometries" } else { "coordinates" };
    let found = object.remove(content);
    let read: fn(Value) -> Result<Geometry, String> = match kind.as_str() {
        "Point" => |content| position(content).map(Geometry::Point),
        "LineString" => |content| line(content).map(Geometry::Line),
        "Polygon" => |content| list(content, line).map(Geometry::Polygon),
        "MultiPoint" => |content| line(content).map(Geometry::MultiPoint),
        "MultiLineString" => |content| list(content, line).map(Geometry::MultiLine),
        "MultiPolygon" => |content| list(content, |lines| list(lines, line)).map(Geometry::MultiPolygon),
        "GeometryCollection" => |content| list(content, member).map(Geometry::Collection),
        _ => return Err(format!("the `type` of a geometry is {KINDS}")),
    };
    if !object.is_empty() {
        return Err(format!("a geometry of type {kind} has the members `type` and `{content}` and no other"));
    }
    read(found.ok_or_else(|| format!("a geometry of type {kind} has `{content}`"))?)
}

fn member(value: Value) -> Result<Geometry, String> {
    match value {
        Value::Object(object) => geometry(object),
        _ => Err("`geometries` holds geometries".to_owned()),
    }
}

fn line(value: Value) -> Result<Vec<(f64, f64)>, String> {
    list(value, position)
}

fn position(value: Value) -> Result<(f64, f64), String> {
    let wrong = || "a position is `[longitude, latitude]`, two numbers".to_owned();
    let Value::Array(items) = value else { return Err(wrong()) };
    match items.as_slice() {
        [longitude, latitude] => coordinate(longitude).zip(coordinate(latitude)).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

fn coordinate(value: &Value) -> Option<f64> {
    match Number::of(value)? {
        Number::Float(float) => Some(float),
        Number::Int(int) => Some(int as f64),
        Number::Decimal(_) => None,
    }
}

fn list<T>(value: Value, read: impl Fn(Value) -> Result<T, String>) -> Result<Vec<T>, String> {
    match value {
        Value::Array(items) => items.into_iter().map(read).collect(),
        _ => Err("the coordinates of a geometry are nested arrays of positions `[longitude, latitude]`".to_owned()),
    }
}
