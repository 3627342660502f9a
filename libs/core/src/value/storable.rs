//! What may be stored: depth, NUL and keys.
use super::{Bound, Geometry, MAX_DEPTH, Object, Value};
use crate::number::{self, Number};
use crate::{Error, RecordKey, Result};

/// The longest sort key of an array or an object as a key: well below what a column of an index keeps, so that a link to it is never cut.
const MAX_COMPOSITE_BYTES: usize = 512;

/// A key nests at most 32 levels, so that its text has at most the 64 brackets that the language reads within each other.
const MAX_KEY_DEPTH: usize = 32;
const LEVELS_BEFORE_KEY: usize = MAX_DEPTH - MAX_KEY_DEPTH;

/// Why a value cannot be stored, and where: the steps from the innermost outwards.
struct Problem {
    steps: Vec<Step>,
    code: &'static str,
    message: String,
}

enum Step {
    Key(String),
    Index(usize),
}

impl Value {
    /// 422 `VALIDATION_FAILED` where the value cannot be stored: more than 64 levels, NUL in text or in a key, a record key that no record
    /// can have. `path` names the value in the error (`address`).
    pub fn check_storable(&self, path: &str) -> Result<()> {
        check(self, 0).map_err(|problem| problem.at(path))
    }

    /// How many levels the value nests: 0 for a scalar, 1 for `[]`. Stops counting above [`MAX_DEPTH`].
    pub fn depth(&self) -> usize {
        depth(self, 0)
    }
}

impl RecordKey {
    /// 422 `VALIDATION_FAILED` where no record can have this key: text of 1 to 512 bytes without control characters, arrays and objects as
    /// [`RecordKey::from_value`] makes them, of at most 32 levels and 512 bytes of sort key.
    pub fn check_storable(&self) -> Result<()> {
        check_key(self, 0).map_err(|problem| problem.at("id"))
    }
}

impl Problem {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { steps: Vec::new(), code, message: message.into() }
    }

    fn at(self, path: &str) -> Error {
        let mut field = path.to_owned();
        for step in self.steps.iter().rev() {
            match step {
                Step::Key(key) => push_key(&mut field, key),
                Step::Index(index) => push_index(&mut field, *index),
            }
        }
        Error::invalid(field, self.code, self.message)
    }
}

/// Appends `.key` to a field's path.
pub(crate) fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.extend(key.chars().take(128).map(|c| if c.is_control() { '\u{fffd}' } else { c }));
}

/// Appends `[index]` to a field's path.
pub(crate) fn push_index(path: &mut String, index: usize) {
    path.push_str(&format!("[{index}]"));
}

fn check(value: &Value, levels: usize) -> Result<(), Problem> {
    match value {
        Value::None
        | Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Decimal(_)
        | Value::Duration(_)
        | Value::Datetime(_)
        | Value::Uuid(_)
        | Value::Bytes(_)
        | Value::Table(_) => Ok(()),
        Value::String(text) => check_text(text),
        Value::Array(items) | Value::Set(items) => check_items(items, levels),
        Value::Object(object) => check_object(object, levels),
        Value::Geometry(geometry) => match depth_of_geometry(geometry, levels) > MAX_DEPTH {
            true => Err(too_deep()),
            false => Ok(()),
        },
        Value::Record(id) => check_key(&id.key, levels),
        Value::Range(range) => {
            let levels = deeper(levels)?;
            [&range.begin, &range.end].into_iter().try_for_each(|bound| match bound {
                Bound::Unbounded => Ok(()),
                Bound::Included(value) | Bound::Excluded(value) => check(value, levels),
            })
        }
    }
}

fn check_key(key: &RecordKey, levels: usize) -> Result<(), Problem> {
    match key {
        RecordKey::Int(_) | RecordKey::Uuid(_) => Ok(()),
        RecordKey::String(text) => match crate::record::string_key_problem(text) {
            Some(problem) => Err(Problem::new("RECORD_KEY", problem)),
            None => Ok(()),
        },
        RecordKey::Array(items) => check_parts(items, levels.max(LEVELS_BEFORE_KEY)).and_then(|()| check_length(key)),
        RecordKey::Object(object) => check_named_parts(object, levels.max(LEVELS_BEFORE_KEY)).and_then(|()| check_length(key)),
    }
}

/// The parts of an array as a key, or of an array or a set in one.
fn check_parts(parts: &[Value], levels: usize) -> Result<(), Problem> {
    let levels = deeper(levels)?;
    for (index, part) in parts.iter().enumerate() {
        check_part(part, levels).map_err(|problem| problem.inside(Step::Index(index)))?;
    }
    Ok(())
}

fn check_named_parts(object: &Object, levels: usize) -> Result<(), Problem> {
    let levels = deeper(levels)?;
    for (name, part) in object {
        check_part_text(name)
            .and_then(|()| check_part(part, levels))
            .map_err(|problem| problem.inside(Step::Key(name.clone())))?;
    }
    Ok(())
}

/// Only what reads back from a key's text and from its sort key can stand in one.
fn check_part(part: &Value, levels: usize) -> Result<(), Problem> {
    match part {
        Value::Null | Value::Bool(_) | Value::Duration(_) | Value::Datetime(_) | Value::Uuid(_) | Value::Bytes(_) => Ok(()),
        Value::Int(_) | Value::Float(_) | Value::Decimal(_) => check_number(part),
        Value::String(text) => check_part_text(text),
        Value::Array(parts) | Value::Set(parts) => check_parts(parts, levels),
        Value::Object(object) => check_named_parts(object, levels),
        Value::Record(id) => check_key(&id.key, levels),
        Value::None | Value::Geometry(_) | Value::Table(_) | Value::Range(_) => {
            Err(Problem::new("RECORD_KEY", format!("a record key cannot hold a value of kind {}", part.kind_name())))
        }
    }
}

fn check_number(part: &Value) -> Result<(), Problem> {
    match Number::of(part) {
        Some(Number::Float(float)) if !float.is_finite() => {
            Err(Problem::new("RECORD_KEY", "a record key can hold finite numbers only"))
        }
        Some(number) if !number::normal(number).identical(part) => Err(Problem::new(
            "RECORD_KEY",
            "a number in a record key is an int if it is whole, else a float, and a decimal only if no float equals it",
        )),
        _ => Ok(()),
    }
}

fn check_part_text(text: &str) -> Result<(), Problem> {
    match text.chars().any(char::is_control) {
        true => Err(Problem::new("RECORD_KEY", "a record key cannot hold NUL or control characters")),
        false => Ok(()),
    }
}

fn check_length(key: &RecordKey) -> Result<(), Problem> {
    match crate::sort_key::encode_record_key(key) {
        Ok(bytes) if bytes.len() <= MAX_COMPOSITE_BYTES => Ok(()),
        _ => Err(Problem::new("RECORD_KEY", format!("the record key is too long: it has more than {MAX_COMPOSITE_BYTES} bytes"))),
    }
}

fn check_items(items: &[Value], levels: usize) -> Result<(), Problem> {
    let levels = deeper(levels)?;
    for (index, item) in items.iter().enumerate() {
        check(item, levels).map_err(|problem| problem.inside(Step::Index(index)))?;
    }
    Ok(())
}

fn check_object(object: &Object, levels: usize) -> Result<(), Problem> {
    let levels = deeper(levels)?;
    for (key, value) in object {
        check_text(key).and_then(|()| check(value, levels)).map_err(|problem| problem.inside(Step::Key(key.clone())))?;
    }
    Ok(())
}

fn check_text(text: &str) -> Result<(), Problem> {
    match text.as_bytes().contains(&0) {
        true => Err(Problem::new("NUL", "text cannot hold the character NUL")),
        false => Ok(()),
    }
}

fn deeper(levels: usize) -> Result<usize, Problem> {
    match levels < MAX_DEPTH {
        true => Ok(levels + 1),
        false => Err(too_deep()),
    }
}

fn too_deep() -> Problem {
    Problem::new("DEPTH", format!("a value nests at most {MAX_DEPTH} levels, a record key at most {MAX_KEY_DEPTH}"))
}

impl Problem {
    fn inside(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// `levels` plus the value's own; recursion ends one level above the limit.
fn depth(value: &Value, levels: usize) -> usize {
    if levels > MAX_DEPTH {
        return levels;
    }
    let deepest =
        |values: &mut dyn Iterator<Item = &Value>| values.map(|value| depth(value, levels + 1)).max().unwrap_or(levels + 1);
    match value {
        Value::None
        | Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Decimal(_)
        | Value::String(_)
        | Value::Duration(_)
        | Value::Datetime(_)
        | Value::Uuid(_)
        | Value::Bytes(_)
        | Value::Table(_) => levels,
        Value::Array(items) | Value::Set(items) => deepest(&mut items.iter()),
        Value::Object(object) => deepest(&mut object.values()),
        Value::Geometry(geometry) => depth_of_geometry(geometry, levels),
        Value::Record(id) => match &id.key {
            RecordKey::Int(_) | RecordKey::String(_) | RecordKey::Uuid(_) => levels,
            RecordKey::Array(items) => deepest(&mut items.iter()),
            RecordKey::Object(object) => deepest(&mut object.values()),
        },
        Value::Range(range) => deepest(&mut [&range.begin, &range.end].into_iter().filter_map(|bound| match bound {
            Bound::Unbounded => None,
            Bound::Included(value) | Bound::Excluded(value) => Some(value),
        })),
    }
}

/// A collection is a level, its coordinates are none.
fn depth_of_geometry(geometry: &Geometry, levels: usize) -> usize {
    match geometry {
        Geometry::Collection(members) if levels <= MAX_DEPTH => {
            members.iter().map(|member| depth_of_geometry(member, levels + 1)).max().unwrap_or(levels + 1)
        }
        Geometry::Collection(_)
        | Geometry::Point(_)
        | Geometry::Line(_)
        | Geometry::Polygon(_)
        | Geometry::MultiPoint(_)
        | Geometry::MultiLine(_)
        | Geometry::MultiPolygon(_) => levels,
    }
}
