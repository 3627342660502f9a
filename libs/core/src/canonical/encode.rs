use super::{NAN, tag};
use crate::{Bound, Geometry, Object, RecordId, RecordKey, Value};

pub(super) fn write_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::None => out.push(tag::NONE),
        Value::Null => out.push(tag::NULL),
        Value::Bool(false) => out.push(tag::FALSE),
        Value::Bool(true) => out.push(tag::TRUE),
        Value::Int(int) => {
            out.push(tag::INT);
            out.extend_from_slice(&int.to_be_bytes());
        }
        Value::Float(float) => {
            out.push(tag::FLOAT);
            write_float(*float, out);
        }
        Value::Decimal(decimal) => {
            out.extend_from_slice(&[tag::DECIMAL, u8::from(decimal.is_sign_negative()), decimal.scale() as u8]);
            out.extend_from_slice(&crate::number::magnitude(*decimal).to_be_bytes()[4..]);
        }
        Value::String(text) => write_text(tag::STRING, text, out),
        Value::Duration(duration) => {
            out.push(tag::DURATION);
            out.extend_from_slice(&duration.seconds.to_be_bytes());
            out.extend_from_slice(&duration.nanoseconds.to_be_bytes());
        }
        Value::Datetime(datetime) => {
            out.push(tag::DATETIME);
            out.extend_from_slice(&datetime.seconds.to_be_bytes());
            out.extend_from_slice(&datetime.nanoseconds.to_be_bytes());
        }
        Value::Uuid(uuid) => {
            out.push(tag::UUID);
            out.extend_from_slice(uuid.as_bytes());
        }
        Value::Array(items) => write_items(tag::ARRAY, items, out),
        Value::Set(members) => write_items(tag::SET, members, out),
        Value::Object(object) => write_object(object, out),
        Value::Geometry(geometry) => {
            out.push(tag::GEOMETRY);
            write_geometry(geometry, out);
        }
        Value::Bytes(bytes) => {
            out.push(tag::BYTES);
            write_bytes(bytes, out);
        }
        Value::Table(table) => write_text(tag::TABLE, table.as_str(), out),
        Value::Record(id) => write_record(id, out),
        Value::Range(range) => {
            out.push(tag::RANGE);
            write_bound(&range.begin, out);
            write_bound(&range.end, out);
        }
    }
}

pub(super) fn write_record(id: &RecordId, out: &mut Vec<u8>) {
    write_text(tag::RECORD, id.table.as_str(), out);
    match &id.key {
        RecordKey::Int(int) => {
            out.push(tag::INT);
            out.extend_from_slice(&int.to_be_bytes());
        }
        RecordKey::String(text) => write_text(tag::STRING, text, out),
        RecordKey::Uuid(uuid) => {
            out.push(tag::UUID);
            out.extend_from_slice(uuid.as_bytes());
        }
        RecordKey::Array(items) => write_items(tag::ARRAY, items, out),
        RecordKey::Object(object) => write_object(object, out),
    }
}

fn write_float(float: f64, out: &mut Vec<u8>) {
    let bits = if float.is_nan() { NAN } else { float.to_bits() };
    out.extend_from_slice(&bits.to_be_bytes());
}

/// A length or a count. Four bytes are enough: a record is at most 1 MB and a body at most 16 MB.
fn write_length(length: usize, out: &mut Vec<u8>) {
    let length = u32::try_from(length).expect("a value is far smaller than 4 GB");
    out.extend_from_slice(&length.to_be_bytes());
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

fn write_text(tag: u8, text: &str, out: &mut Vec<u8>) {
    out.push(tag);
    write_bytes(text.as_bytes(), out);
}

fn write_items(tag: u8, items: &[Value], out: &mut Vec<u8>) {
    out.push(tag);
    write_list(items, out, write_value);
}

fn write_object(object: &Object, out: &mut Vec<u8>) {
    out.push(tag::OBJECT);
    write_length(object.len(), out);
    for (key, value) in object {
        write_bytes(key.as_bytes(), out);
        write_value(value, out);
    }
}

fn write_geometry(geometry: &Geometry, out: &mut Vec<u8>) {
    match geometry {
        Geometry::Point(position) => {
            out.push(tag::POINT);
            write_position(position, out);
        }
        Geometry::Line(line) => {
            out.push(tag::LINE);
            write_line(line, out);
        }
        Geometry::Polygon(lines) => {
            out.push(tag::POLYGON);
            write_lines(lines, out);
        }
        Geometry::MultiPoint(points) => {
            out.push(tag::MULTI_POINT);
            write_line(points, out);
        }
        Geometry::MultiLine(lines) => {
            out.push(tag::MULTI_LINE);
            write_lines(lines, out);
        }
        Geometry::MultiPolygon(polygons) => {
            out.push(tag::MULTI_POLYGON);
            write_list(polygons, out, |lines, out| write_lines(lines, out));
        }
        Geometry::Collection(members) => {
            out.push(tag::COLLECTION);
            write_list(members, out, write_geometry);
        }
    }
}

fn write_lines(lines: &[Vec<(f64, f64)>], out: &mut Vec<u8>) {
    write_list(lines, out, |line, out| write_line(line, out));
}

fn write_line(line: &[(f64, f64)], out: &mut Vec<u8>) {
    write_list(line, out, write_position);
}

fn write_position(position: &(f64, f64), out: &mut Vec<u8>) {
    write_float(position.0, out);
    write_float(position.1, out);
}

fn write_list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    write_length(items.len(), out);
    for item in items {
        write(item, out);
    }
}

fn write_bound(bound: &Bound, out: &mut Vec<u8>) {
    match bound {
        Bound::Unbounded => out.push(tag::UNBOUNDED),
        Bound::Included(value) => {
            out.push(tag::INCLUDED);
            write_value(value, out);
        }
        Bound::Excluded(value) => {
            out.push(tag::EXCLUDED);
            write_value(value, out);
        }
    }
}
