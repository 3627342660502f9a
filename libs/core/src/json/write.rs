//! Values as JSON.
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{Bound, Geometry, Object, RecordId, RecordKey, Value};

/// The two forms that tell every kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As jsonb keeps it: floats with a point and never an exponent, record ids literal. Only an object that would read as a tag is wrapped in `$object`, so
    /// that a path through any other object is the same in SQL.
    Doc,
    /// As bodies have it: record ids plain, every object with a key that begins with `$` is wrapped.
    Typed,
}

/// How coordinates that JSON cannot tell are written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Coordinates {
    Plain,
    Tagged(Form),
}

pub(super) fn write_plain(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::None | Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(flag) => write_bool(*flag, out),
        Value::Int(int) => write_int(*int, out),
        Value::Float(float) => write_plain_float(*float, out),
        Value::Decimal(decimal) => write_string(&crate::decimal::print(*decimal), out),
        Value::String(text) => write_string(text, out),
        Value::Duration(duration) => write_display(duration, out),
        Value::Datetime(datetime) => {
            out.push(b'"');
            datetime.write_rfc3339(out);
            out.push(b'"');
        }
        Value::Uuid(uuid) => write_display(uuid, out),
        Value::Array(items) | Value::Set(items) => write_list(items, out, write_plain),
        Value::Object(object) => {
            write_entries(object.iter().filter(|(_, value)| !value.is_none()), out, write_plain);
        }
        Value::Geometry(geometry) => write_geometry(geometry, Coordinates::Plain, out),
        Value::Bytes(bytes) => write_base64(bytes, out),
        Value::Table(table) => write_string(table.as_str(), out),
        Value::Record(id) => write_string(&id.plain().to_string(), out),
        Value::Range(range) => write_string(&range.to_string(), out),
    }
}

/// The form of typed answers and of `doc`, in which every kind that JSON does not have is tagged.
pub(crate) fn write_tagged(value: &Value, form: Form, out: &mut Vec<u8>) {
    match value {
        Value::None => out.extend_from_slice(b"{\"$none\":true}"),
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(flag) => write_bool(*flag, out),
        Value::Int(int) => write_int(*int, out),
        Value::Float(float) => write_tagged_float(*float, form, out),
        Value::Decimal(decimal) => tagged("$decimal", out, |out| write_string(&crate::decimal::print(*decimal), out)),
        Value::String(text) => write_string(text, out),
        Value::Duration(duration) => tagged("$duration", out, |out| write_display(duration, out)),
        Value::Datetime(datetime) => tagged("$datetime", out, |out| {
            out.push(b'"');
            datetime.write_rfc3339(out);
            out.push(b'"');
        }),
        Value::Uuid(uuid) => tagged("$uuid", out, |out| write_display(uuid, out)),
        Value::Array(items) => write_tagged_list(items, form, out),
        Value::Set(members) => tagged("$set", out, |out| write_tagged_list(members, form, out)),
        Value::Object(object) => write_tagged_object(object, form, out),
        Value::Geometry(geometry) => tagged("$geometry", out, |out| write_geometry(geometry, Coordinates::Tagged(form), out)),
        Value::Bytes(bytes) => tagged("$bytes", out, |out| write_base64(bytes, out)),
        Value::Table(table) => tagged("$table", out, |out| write_string(table.as_str(), out)),
        Value::Record(id) => tagged("$record", out, |out| write_tagged_record(id, form, out)),
        Value::Range(range) => tagged("$range", out, |out| {
            let bounds = [("begin", &range.begin), ("end", &range.end)];
            let closed = bounds.into_iter().filter(|(_, bound)| !matches!(bound, Bound::Unbounded));
            write_entries(closed, out, |bound, out| match bound {
                Bound::Unbounded => {}
                Bound::Included(value) => tagged("included", out, |out| write_tagged(value, form, out)),
                Bound::Excluded(value) => tagged("excluded", out, |out| write_tagged(value, form, out)),
            });
        }),
    }
}

/// An object that would read as a tag stands in `$object`.
fn write_tagged_object(object: &Object, form: Form, out: &mut Vec<u8>) {
    let has_dollar = object.keys().any(|key| key.starts_with('$'));
    let wrapped = has_dollar && (form == Form::Typed || object.len() == 1);
    match wrapped {
        true => tagged("$object", out, |out| write_object_entries(object.iter(), form, out)),
        false => write_object_entries(object.iter(), form, out),
    }
}

/// `{…}` of these entries, whatever their keys.
pub(crate) fn write_object_entries<'a>(entries: impl Iterator<Item = (&'a String, &'a Value)>, form: Form, out: &mut Vec<u8>) {
    write_entries(entries, out, |value, out| write_tagged(value, form, out));
}

/// `table:key` where `RecordId::parse` reads it back, otherwise an object of table and key.
fn write_tagged_record(id: &RecordId, form: Form, out: &mut Vec<u8>) {
    let write_parts = |out: &mut Vec<u8>, write_key: &dyn Fn(&mut Vec<u8>)| {
        out.extend_from_slice(b"{\"key\":");
        write_key(out);
        out.extend_from_slice(b",\"table\":");
        write_string(id.table.as_str(), out);
        out.push(b'}');
    };
    match &id.key {
        RecordKey::String(text) if crate::record::string_key_problem(text).is_some() => {
            write_parts(out, &|out| write_string(text, out));
        }
        RecordKey::Int(_) | RecordKey::String(_) | RecordKey::Uuid(_) => match form {
            Form::Doc => write_string(&id.literal().to_string(), out),
            Form::Typed => write_string(&id.plain().to_string(), out),
        },
        RecordKey::Array(items) => write_parts(out, &|out| write_tagged_list(items, form, out)),
        RecordKey::Object(object) => write_parts(out, &|out| write_tagged_object(object, form, out)),
    }
}

fn write_tagged_list(items: &[Value], form: Form, out: &mut Vec<u8>) {
    write_list(items, out, |item, out| write_tagged(item, form, out));
}

fn tagged(tag: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(b"{\"");
    out.extend_from_slice(tag.as_bytes());
    out.extend_from_slice(b"\":");
    write(out);
    out.push(b'}');
}

fn write_bool(flag: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if flag { b"true" } else { b"false" });
}

fn write_int(int: i64, out: &mut Vec<u8>) {
    write!(out, "{int}").expect("a Vec takes all bytes");
}

fn write_tagged_float(float: f64, form: Form, out: &mut Vec<u8>) {
    match special(float) {
        Some(special) => tagged("$float", out, |out| write_string(special, out)),
        None => write_finite(float, form, out),
    }
}

fn write_plain_float(float: f64, out: &mut Vec<u8>) {
    match special(float) {
        // Plain JSON has a negative zero of its own.
        Some(special) if float != 0.0 => write_string(special, out),
        Some(_) | None => write_finite(float, Form::Typed, out),
    }
}

/// The name of a float that jsonb does not keep.
fn special(float: f64) -> Option<&'static str> {
    if float.is_nan() {
        Some("NaN")
    } else if float == f64::INFINITY {
        Some("inf")
    } else if float == f64::NEG_INFINITY {
        Some("-inf")
    } else if float == 0.0 && float.is_sign_negative() {
        Some("-0.0")
    } else {
        None
    }
}

/// The shortest digits that read back as the same float.
fn write_finite(float: f64, form: Form, out: &mut Vec<u8>) {
    let start = out.len();
    match form {
        Form::Typed => write!(out, "{float:?}"),
        Form::Doc => write!(out, "{float}"),
    }
    .expect("a Vec takes all bytes");
    if form == Form::Doc && !out[start..].contains(&b'.') {
        out.extend_from_slice(b".0");
    }
}

/// Text of a kind whose text needs no escapes.
fn write_display(text: &dyn std::fmt::Display, out: &mut Vec<u8>) {
    write!(out, "\"{text}\"").expect("a Vec takes all bytes");
}

fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    write_string(&STANDARD.encode(bytes), out);
}

fn write_list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

fn write_entries<K: AsRef<str>, V>(entries: impl Iterator<Item = (K, V)>, out: &mut Vec<u8>, write: impl Fn(V, &mut Vec<u8>)) {
    out.push(b'{');
    for (index, (key, value)) in entries.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(key.as_ref(), out);
        out.push(b':');
        write(value, out);
    }
    out.push(b'}');
}

/// GeoJSON; a collection's members are geometries without a tag.
pub(crate) fn write_geometry(geometry: &Geometry, coordinates: Coordinates, out: &mut Vec<u8>) {
    let line = |positions: &Vec<(f64, f64)>, out: &mut Vec<u8>| {
        write_list(positions, out, |position, out| write_position(position, coordinates, out));
    };
    let lines = |lines: &Vec<Vec<(f64, f64)>>, out: &mut Vec<u8>| write_list(lines, out, line);
    let (kind, content) = match geometry {
        Geometry::Point(_) => ("Point", "coordinates"),
        Geometry::Line(_) => ("LineString", "coordinates"),
        Geometry::Polygon(_) => ("Polygon", "coordinates"),
        Geometry::MultiPoint(_) => ("MultiPoint", "coordinates"),
        Geometry::MultiLine(_) => ("MultiLineString", "coordinates"),
        Geometry::MultiPolygon(_) => ("MultiPolygon", "coordinates"),
        Geometry::Collection(_) => ("GeometryCollection", "geometries"),
    };
    write!(out, "{{\"type\":\"{kind}\",\"{content}\":").expect("a Vec takes all bytes");
    match geometry {
        Geometry::Point(position) => write_position(position, coordinates, out),
        Geometry::Line(positions) | Geometry::MultiPoint(positions) => line(positions, out),
        Geometry::Polygon(polygon) | Geometry::MultiLine(polygon) => lines(polygon, out),
        Geometry::MultiPolygon(polygons) => write_list(polygons, out, lines),
        Geometry::Collection(members) => {
            write_list(members, out, |member, out| write_geometry(member, coordinates, out));
        }
    }
    out.push(b'}');
}

fn write_position(position: &(f64, f64), coordinates: Coordinates, out: &mut Vec<u8>) {
    let write = |float: &f64, out: &mut Vec<u8>| match coordinates {
        Coordinates::Plain => write_plain_float(*float, out),
        Coordinates::Tagged(form) => write_tagged_float(*float, form, out),
    };
    write_list(&[position.0, position.1], out, write);
}

/// A JSON string: quotes, backslashes and control characters escaped, all else as it is.
pub(super) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut written = 0;
    for (index, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&text.as_bytes()[written..index]);
        written = index + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0C => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => write!(out, "\\u{control:04x}").expect("a Vec takes all bytes"),
        }
    }
    out.extend_from_slice(&text.as_bytes()[written..]);
    out.push(b'"');
}
