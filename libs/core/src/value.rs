use std::collections::BTreeMap;

use crate::{Datetime, Decimal, Duration, RecordId, TableName, Uuid};

/// A record's fields and every nested object: keys in the order of their bytes.
pub type Object = BTreeMap<String, Value>;

/// Everything that DarshJQL can compute with and a record can hold.
#[derive(Debug, Clone)]
pub enum Value {
    None,
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Decimal(Decimal),
    String(String),
    Duration(Duration),
    Datetime(Datetime),
    Uuid(Uuid),
    Array(Vec<Value>),
    /// Sorted, without equal members: made by [`Value::set`].
    Set(Vec<Value>),
    Object(Object),
    Geometry(Geometry),
    Bytes(Vec<u8>),
    Table(TableName),
    Record(RecordId),
    Range(Box<Range>),
}

#[derive(Debug, Clone)]
pub struct Range {
    pub begin: Bound,
    pub end: Bound,
}

#[derive(Debug, Clone)]
pub enum Bound {
    Unbounded,
    Included(Value),
    Excluded(Value),
}

/// GeoJSON geometries; a position is (longitude, latitude) in degrees.
#[derive(Debug, Clone)]
pub enum Geometry {
    Point((f64, f64)),
    Line(Vec<(f64, f64)>),
    Polygon(Vec<Vec<(f64, f64)>>),
    MultiPoint(Vec<(f64, f64)>),
    MultiLine(Vec<Vec<(f64, f64)>>),
    MultiPolygon(Vec<Vec<Vec<(f64, f64)>>>),
    Collection(Vec<Geometry>),
}
