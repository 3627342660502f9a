//! The literal form of a value, as the language writes it.
use std::fmt::{self, Write};

use super::{Bound, Geometry, Object, Range, Value};
use crate::json;

/// Below 2^63.
const MAX_PLAIN_COORDINATE: f64 = 1e15;

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("NONE"),
            Self::Null => f.write_str("NULL"),
            Self::Bool(flag) => flag.fmt(f),
            Self::Int(int) => int.fmt(f),
            Self::Float(float) => write_float(f, *float),
            Self::Decimal(decimal) => write!(f, "{}dec", crate::decimal::print(*decimal)),
            Self::String(text) => write_quoted(f, text),
            Self::Duration(duration) => duration.fmt(f),
            Self::Datetime(datetime) => write!(f, "d'{datetime}'"),
            Self::Uuid(uuid) => write!(f, "u'{uuid}'"),
            Self::Array(items) => write_items(f, items),
            Self::Set(members) if members.is_empty() => f.write_str("{,}"),
            Self::Set(members) => {
                f.write_char('{')?;
                match members.split_first() {
                    // `{t:1, …` would be an object.
                    Some((Self::Record(id), rest)) => {
                        write!(f, "({})", id.literal())?;
                        rest.iter().try_for_each(|member| write!(f, ", {member}"))?;
                    }
                    _ => write_list(f, members)?,
                }
                // One member alone would read as a block.
                f.write_str(if members.len() == 1 { ",}" } else { "}" })
            }
            Self::Object(object) => write_object(f, object),
            Self::Geometry(geometry) => write_geometry(f, geometry),
            Self::Bytes(bytes) => {
                f.write_str("b'")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}"))?;
                f.write_char('\'')
            }
            Self::Table(table) => table.fmt(f),
            Self::Record(id) => id.literal().fmt(f),
            Self::Range(range) => range.fmt(f),
        }
    }
}

/// `begin..end`, `>..` where the begin and `..=` where the end is out or in.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.begin {
            Bound::Unbounded => f.write_str("..")?,
            Bound::Included(value) => write!(f, "{}..", InRange(value))?,
            Bound::Excluded(value) => write!(f, "{}>..", InRange(value))?,
        }
        match &self.end {
            Bound::Unbounded => Ok(()),
            Bound::Included(value) => write!(f, "={}", InRange(value)),
            Bound::Excluded(value) => InRange(value).fmt(f),
        }
    }
}

/// A bound, in brackets where it would be read otherwise: `t:1..4` is a range of record ids.
struct InRange<'a>(&'a Value);

impl fmt::Display for InRange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Record(_) | Value::Range(_) => write!(f, "({})", self.0),
            other => other.fmt(f),
        }
    }
}

fn write_float(f: &mut fmt::Formatter<'_>, float: f64) -> fmt::Result {
    if float.is_nan() {
        f.write_str("NaN")
    } else if float.is_infinite() {
        f.write_str(if float > 0.0 { "inf" } else { "-inf" })
    } else {
        write!(f, "{float}f")
    }
}

fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('\'')?;
    for character in text.chars() {
        match character {
            '\'' => f.write_str("\\'")?,
            '\\' => f.write_str("\\\\")?,
            '\0' => f.write_str("\\u{0}")?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('\'')
}

pub(crate) fn write_items(f: &mut fmt::Formatter<'_>, items: &[Value]) -> fmt::Result {
    f.write_char('[')?;
    write_list(f, items)?;
    f.write_char(']')
}

fn write_list(f: &mut fmt::Formatter<'_>, values: &[Value]) -> fmt::Result {
    for (index, value) in values.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        write!(f, "{value}")?;
    }
    Ok(())
}

pub(crate) fn write_object(f: &mut fmt::Formatter<'_>, object: &Object) -> fmt::Result {
    if object.is_empty() {
        return f.write_str("{  }");
    }
    for (index, (key, value)) in object.iter().enumerate() {
        f.write_str(if index == 0 { "{ " } else { ", " })?;
        if is_identifier(key) {
            f.write_str(key)?
        } else {
            write_quoted(f, key)?
        }
        write!(f, ": {value}")?;
    }
    f.write_str(" }")
}

fn is_identifier(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && key.starts_with(|c: char| !c.is_ascii_digit())
}

/// A point as `(longitude, latitude)`, others as their GeoJSON.
fn write_geometry(f: &mut fmt::Formatter<'_>, geometry: &Geometry) -> fmt::Result {
    if let Geometry::Point((longitude, latitude)) = geometry {
        f.write_char('(')?;
        write_coordinate(f, *longitude)?;
        f.write_str(", ")?;
        write_coordinate(f, *latitude)?;
        return f.write_char(')');
    }
    let mut out = Vec::new();
    json::write_geometry(geometry, json::Coordinates::Plain, &mut out);
    f.write_str(&String::from_utf8_lossy(&out))
}

/// Without a point where it is whole; beyond every int with an exponent, so that it does not read as one.
fn write_coordinate(f: &mut fmt::Formatter<'_>, coordinate: f64) -> fmt::Result {
    if coordinate.abs() < MAX_PLAIN_COORDINATE { write!(f, "{coordinate}") } else { write!(f, "{coordinate:e}") }
}
