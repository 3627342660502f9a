//! Equality, order and identity of values: the meaning that sort keys repeat in bytes.
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use super::{Bound, Geometry, Object, Range, Value};
use crate::number::{self, Number};
use crate::{RecordId, RecordKey};

/// The place of each kind in the order of kinds; also the first byte of its sort key. The gaps are for kinds to come.
/// Frozen: neither 00, 01 nor FF, which end and escape bodies.
pub(crate) mod ranks {
    pub(crate) const NONE: u8 = 0x10;
    pub(crate) const NULL: u8 = 0x18;
    pub(crate) const BOOL: u8 = 0x20;
    pub(crate) const NUMBER: u8 = 0x28;
    pub(crate) const STRING: u8 = 0x30;
    pub(crate) const DURATION: u8 = 0x38;
    pub(crate) const DATETIME: u8 = 0x40;
    pub(crate) const UUID: u8 = 0x48;
    pub(crate) const ARRAY: u8 = 0x50;
    pub(crate) const SET: u8 = 0x58;
    pub(crate) const OBJECT: u8 = 0x60;
    pub(crate) const GEOMETRY: u8 = 0x68;
    pub(crate) const BYTES: u8 = 0x70;
    pub(crate) const TABLE: u8 = 0x78;
    pub(crate) const RECORD: u8 = 0x80;
    pub(crate) const RANGE: u8 = 0x88;
}

pub(crate) fn rank(value: &Value) -> u8 {
    match value {
        Value::None => ranks::NONE,
        Value::Null => ranks::NULL,
        Value::Bool(_) => ranks::BOOL,
        Value::Int(_) | Value::Float(_) | Value::Decimal(_) => ranks::NUMBER,
        Value::String(_) => ranks::STRING,
        Value::Duration(_) => ranks::DURATION,
        Value::Datetime(_) => ranks::DATETIME,
        Value::Uuid(_) => ranks::UUID,
        Value::Array(_) => ranks::ARRAY,
        Value::Set(_) => ranks::SET,
        Value::Object(_) => ranks::OBJECT,
        Value::Geometry(_) => ranks::GEOMETRY,
        Value::Bytes(_) => ranks::BYTES,
        Value::Table(_) => ranks::TABLE,
        Value::Record(_) => ranks::RECORD,
        Value::Range(_) => ranks::RANGE,
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::Duration(a), Self::Duration(b)) => a.cmp(b),
            (Self::Datetime(a), Self::Datetime(b)) => a.cmp(b),
            (Self::Uuid(a), Self::Uuid(b)) => a.cmp(b),
            (Self::Array(a), Self::Array(b)) | (Self::Set(a), Self::Set(b)) => a.cmp(b),
            (Self::Object(a), Self::Object(b)) => a.cmp(b),
            (Self::Geometry(a), Self::Geometry(b)) => a.cmp(b),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (Self::Table(a), Self::Table(b)) => a.cmp(b),
            (Self::Record(a), Self::Record(b)) => a.cmp(b),
            (Self::Range(a), Self::Range(b)) => a.cmp(b),
            (a, b) => match (Number::of(a), Number::of(b)) {
                (Some(a), Some(b)) => number::cmp(a, b),
                _ => rank(a).cmp(&rank(b)),
            },
        }
    }
}

impl Ord for Range {
    fn cmp(&self, other: &Self) -> Ordering {
        cmp_bounds(&self.begin, &other.begin, Side::Begin).then_with(|| cmp_bounds(&self.end, &other.end, Side::End))
    }
}

#[derive(Clone, Copy)]
enum Side {
    Begin,
    End,
}

/// Bounds are ordered by where they cut the line of values: an open begin first, an open end last, `a..` before `a>..`, `..a` before `..=a`.
fn cmp_bounds(a: &Bound, b: &Bound, side: Side) -> Ordering {
    let outward = |bound: &Bound| match (bound, side) {
        (Bound::Unbounded, Side::Begin) => 0,
        (Bound::Included(_) | Bound::Excluded(_), _) => 1,
        (Bound::Unbounded, Side::End) => 2,
    };
    let (Some((a_value, a_excluded)), Some((b_value, b_excluded))) = (parts(a), parts(b)) else {
        return outward(a).cmp(&outward(b));
    };
    let by_side = match side {
        Side::Begin => a_excluded.cmp(&b_excluded),
        Side::End => b_excluded.cmp(&a_excluded),
    };
    a_value.cmp(b_value).then(by_side)
}

fn parts(bound: &Bound) -> Option<(&Value, bool)> {
    match bound {
        Bound::Unbounded => None,
        Bound::Included(value) => Some((value, false)),
        Bound::Excluded(value) => Some((value, true)),
    }
}

impl Geometry {
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Point(_) => 0x10,
            Self::Line(_) => 0x20,
            Self::Polygon(_) => 0x30,
            Self::MultiPoint(_) => 0x40,
            Self::MultiLine(_) => 0x50,
            Self::MultiPolygon(_) => 0x60,
            Self::Collection(_) => 0x70,
        }
    }
}

/// By kind (point, line, polygon, their multiples, collection), then position by position, shorter first; coordinates as numbers.
impl Ord for Geometry {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Point(a), Self::Point(b)) => cmp_position(a, b),
            (Self::Line(a), Self::Line(b)) | (Self::MultiPoint(a), Self::MultiPoint(b)) => cmp_list(a, b, cmp_position),
            (Self::Polygon(a), Self::Polygon(b)) | (Self::MultiLine(a), Self::MultiLine(b)) => {
                cmp_list(a, b, |a, b| cmp_list(a, b, cmp_position))
            }
            (Self::MultiPolygon(a), Self::MultiPolygon(b)) => {
                cmp_list(a, b, |a, b| cmp_list(a, b, |a, b| cmp_list(a, b, cmp_position)))
            }
            (Self::Collection(a), Self::Collection(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

fn cmp_position(a: &(f64, f64), b: &(f64, f64)) -> Ordering {
    number::cmp_floats(a.0, b.0).then_with(|| number::cmp_floats(a.1, b.1))
}

fn cmp_list<T>(a: &[T], b: &[T], cmp: impl Fn(&T, &T) -> Ordering) -> Ordering {
    a.iter().zip(b).map(|(a, b)| cmp(a, b)).find(|ordering| ordering.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
}

macro_rules! equality_by_order {
    ($($name:ident),*) => {
        $(impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }

        impl Eq for $name {})*
    };
}

equality_by_order!(Value, Range, Geometry);

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        rank(self).hash(state);
        match self {
            Self::None | Self::Null => {}
            Self::Bool(flag) => flag.hash(state),
            Self::Int(int) => hash_number(Number::Int(*int), state),
            Self::Float(float) => hash_number(Number::Float(*float), state),
            Self::Decimal(decimal) => hash_number(Number::Decimal(*decimal), state),
            Self::String(text) => text.hash(state),
            Self::Duration(duration) => duration.hash(state),
            Self::Datetime(datetime) => datetime.hash(state),
            Self::Uuid(uuid) => uuid.hash(state),
            Self::Array(items) | Self::Set(items) => items.hash(state),
            Self::Object(object) => object.hash(state),
            // Geometries and ranges are rare as members and keys: their sort key tells equality, so it is what is hashed.
            Self::Geometry(_) | Self::Range(_) => crate::sort_key::encode(self).hash(state),
            Self::Bytes(bytes) => bytes.hash(state),
            Self::Table(table) => table.hash(state),
            Self::Record(id) => id.hash(state),
        }
    }
}

/// Equal numbers have the same greatest float below them; neighbours that share it may collide.
fn hash_number<H: Hasher>(number: Number, state: &mut H) {
    number::ordered_bits(number::floor(number).0).hash(state);
}

impl Value {
    /// Whether both are the same kind with the same bits: `1` is not `1.0`, `-0.0` not `0.0`, `1.0dec` not `1.00dec`; NaN is NaN.
    pub fn identical(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) | (Self::Null, Self::Null) => true,
            (Self::Float(a), Self::Float(b)) => identical_floats(*a, *b),
            (Self::Decimal(a), Self::Decimal(b)) => {
                (a.mantissa(), a.scale(), a.is_sign_negative()) == (b.mantissa(), b.scale(), b.is_sign_negative())
            }
            (Self::Array(a), Self::Array(b)) | (Self::Set(a), Self::Set(b)) => identical_lists(a, b),
            (Self::Object(a), Self::Object(b)) => identical_objects(a, b),
            (Self::Geometry(a), Self::Geometry(b)) => a.identical(b),
            (Self::Record(a), Self::Record(b)) => a.identical(b),
            (Self::Range(a), Self::Range(b)) => identical_bounds(&a.begin, &b.begin) && identical_bounds(&a.end, &b.end),
            (a, b) => a.kind_name() == b.kind_name() && a == b,
        }
    }
}

impl RecordId {
    /// [`Value::identical`] of record ids: array and object keys may be equal without being the same.
    pub fn identical(&self, other: &Self) -> bool {
        self.table == other.table && self.key.identical(&other.key)
    }
}

impl RecordKey {
    /// [`Value::identical`] of keys.
    pub fn identical(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Array(a), Self::Array(b)) => identical_lists(a, b),
            (Self::Object(a), Self::Object(b)) => identical_objects(a, b),
            (a, b) => a == b,
        }
    }
}

impl Geometry {
    fn identical(&self, other: &Self) -> bool {
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        self.flatten(&mut ours);
        other.flatten(&mut theirs);
        self == other && ours.iter().zip(&theirs).all(|(a, b)| identical_floats(*a, *b))
    }

    /// All coordinates in order; equal geometries have equally many.
    fn flatten(&self, out: &mut Vec<f64>) {
        let mut push = |positions: &[(f64, f64)]| out.extend(positions.iter().flat_map(|(x, y)| [*x, *y]));
        match self {
            Self::Point(position) => push(&[*position]),
            Self::Line(positions) | Self::MultiPoint(positions) => push(positions),
            Self::Polygon(lines) | Self::MultiLine(lines) => lines.iter().for_each(|line| push(line)),
            Self::MultiPolygon(polygons) => polygons.iter().flatten().for_each(|line| push(line)),
            Self::Collection(members) => members.iter().for_each(|member| member.flatten(out)),
        }
    }
}

fn identical_floats(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

fn identical_lists(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.identical(b))
}

fn identical_objects(a: &Object, b: &Object) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|((a_key, a), (b_key, b))| a_key == b_key && a.identical(b))
}

fn identical_bounds(a: &Bound, b: &Bound) -> bool {
    match (a, b) {
        (Bound::Unbounded, Bound::Unbounded) => true,
        (Bound::Included(a), Bound::Included(b)) | (Bound::Excluded(a), Bound::Excluded(b)) => a.identical(b),
        _ => false,
    }
}
