mod geojson;
mod literal;
mod order;
mod storable;

use std::collections::BTreeMap;

use crate::{Datetime, Decimal, Duration, RecordId, RecordKey, TableName, Uuid};

pub(crate) use literal::{write_items, write_object};
pub(crate) use order::{rank, ranks};
pub(crate) use storable::{push_index, push_key};

/// A value nests at most this many levels: a scalar is 0, `[]` is 1, `[[]]` is 2.
pub const MAX_DEPTH: usize = 64;

/// A record's fields and every nested object: keys in the order of their bytes.
pub type Object = BTreeMap<String, Value>;

/// Everything that DarshJQL can compute with and a record can hold. 32 bytes.
///
/// `==`, `Ord` and `Hash` are the language's: `1` equals `1.0` and NaN equals NaN. [`Value::identical`] tells them apart.
/// `Display` is the literal form of the language, with text in quotes.
#[derive(Debug, Clone, Default)]
pub enum Value {
    #[default]
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
    Record(Box<RecordId>),
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

impl Value {
    /// The set of `members`: sorted; of equal members the first stays.
    pub fn set(mut members: Vec<Value>) -> Self {
        members.sort();
        members.dedup();
        Self::Set(members)
    }

    /// The kind's name as it stands in messages and in `DEFINE FIELD … TYPE`.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Decimal(_) => "decimal",
            Self::String(_) => "string",
            Self::Duration(_) => "duration",
            Self::Datetime(_) => "datetime",
            Self::Uuid(_) => "uuid",
            Self::Array(_) => "array",
            Self::Set(_) => "set",
            Self::Object(_) => "object",
            Self::Geometry(_) => "geometry",
            Self::Bytes(_) => "bytes",
            Self::Table(_) => "table",
            Self::Record(_) => "record",
            Self::Range(_) => "range",
        }
    }

    /// About how many bytes the value takes in memory, with all that is inside.
    pub fn weight(&self) -> usize {
        let inside = match self {
            Self::String(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Array(items) | Self::Set(items) => items.iter().map(Self::weight).sum(),
            Self::Object(object) => weight(object),
            Self::Record(_) | Self::Table(_) | Self::Range(_) | Self::Geometry(_) => 64,
            _ => 0,
        };
        size_of::<Self>() + inside
    }

    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// [`Value::weight`] of an object.
pub fn weight(object: &Object) -> usize {
    object.iter().map(|(name, value)| size_of::<String>() + name.len() + value.weight()).sum()
}

macro_rules! from {
    ($($variant:ident: $inner:ty),*) => {
        $(impl From<$inner> for Value {
            fn from(inner: $inner) -> Self {
                Self::$variant(inner)
            }
        })*
    };
}

from!(Bool: bool, Int: i64, Float: f64, Decimal: Decimal, String: String, Duration: Duration, Datetime: Datetime, Uuid: Uuid);
from!(Array: Vec<Value>, Object: Object, Geometry: Geometry, Table: TableName);

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<RecordId> for Value {
    fn from(id: RecordId) -> Self {
        Self::Record(Box::new(id))
    }
}

/// The value that [`RecordKey::from_value`] reads back.
impl From<RecordKey> for Value {
    fn from(key: RecordKey) -> Self {
        match key {
            RecordKey::Int(int) => Self::Int(int),
            RecordKey::String(text) => Self::String(text),
            RecordKey::Uuid(uuid) => Self::Uuid(uuid),
            RecordKey::Array(items) => Self::Array(items),
            RecordKey::Object(object) => Self::Object(object),
        }
    }
}

impl From<Range> for Value {
    fn from(range: Range) -> Self {
        Self::Range(Box::new(range))
    }
}
