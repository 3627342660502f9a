//! Steps into values.
use std::borrow::Cow;

use ddb_core::{Error, Object, Result, Value};
use ddb_darshjql::{DestructuredField, Part, PartKind, Path};

use crate::cast::int_bounds;
use crate::evaluate::eval;
use crate::operator::is_nothing;
use crate::problem::Problem;
use crate::scope::{Scope, Subject};
use crate::truthy::is_truthy;

const NONE: Value = Value::None;

/// A path that begins at the row.
pub(crate) fn from_row<'a>(path: &'a Path, scope: &'a Scope<'a>) -> Result<Cow<'a, Value>> {
    let Some((first, rest)) = path.parts.split_first() else { return Ok(Cow::Owned(NONE)) };
    let start = match (scope.subject(), &first.kind) {
        (Subject::Row(row), PartKind::Field(name)) => row.get(name),
        (Subject::Value(value), _) => return walk(Cow::Borrowed(value), &path.parts, scope),
        (Subject::Nothing | Subject::Row(_), _) => Cow::Owned(NONE),
    };
    walk(start, rest, scope)
}

/// The steps one after the other.
pub(crate) fn walk<'a>(start: Cow<'a, Value>, parts: &'a [Part], scope: &'a Scope<'a>) -> Result<Cow<'a, Value>> {
    let mut value = start;
    for (index, part) in parts.iter().enumerate() {
        use_steps(1, part, scope)?;
        value = match &part.kind {
            PartKind::Field(name) => field(value, name, part, scope)?,
            PartKind::All => return all(value, &parts[index + 1..], part, scope),
            PartKind::Last => last(value),
            PartKind::Index(expr) => {
                let position = eval(expr, scope)?;
                at(value, &position, part, scope)?
            }
            PartKind::Where(condition) => Cow::Owned(filter(value, condition, part, scope)?),
            PartKind::Destructure(fields) => Cow::Owned(destructure(&value, fields, part, scope)?),
            PartKind::Optional if is_nothing(&value) => return Ok(Cow::Owned(NONE)),
            PartKind::Optional => value,
            PartKind::Flatten => flatten(value),
            PartKind::Method(name, arguments) => Cow::Owned(crate::function::method(value, name, arguments, part, scope)?),
        };
    }
    Ok(value)
}

fn use_steps(steps: usize, part: &Part, scope: &Scope<'_>) -> Result<()> {
    scope.context.budget.use_steps(steps as u64).map_err(|problem| at_part(problem, part))
}

/// A value of a list in the making. Many links of one list can lead to one large record, so what is copied counts before it is copied.
fn owned(value: Cow<'_, Value>, part: &Part, scope: &Scope<'_>) -> Result<Value> {
    let weight = value.weight() as u64;
    let budget = scope.context.budget;
    budget.use_bytes(weight).and_then(|()| budget.use_steps(weight / 64)).map_err(|problem| at_part(problem, part))?;
    Ok(value.into_owned())
}

fn at_part(problem: Problem, part: &Part) -> Error {
    problem.at(part.span, &Path { parts: vec![part.clone()] })
}

/// A field of an object, of a linked record, or of each item.
fn field<'a>(value: Cow<'a, Value>, name: &str, part: &Part, scope: &Scope<'a>) -> Result<Cow<'a, Value>> {
    match value {
        Cow::Borrowed(Value::Object(object)) => Ok(object.get(name).map_or(Cow::Owned(NONE), Cow::Borrowed)),
        Cow::Owned(Value::Object(mut object)) => Ok(Cow::Owned(object.remove(name).unwrap_or_default())),
        other => match other.as_ref() {
            Value::Record(id) => Ok(scope.record(id).map_or(Cow::Owned(NONE), |linked| linked.row().get(name))),
            Value::Array(items) | Value::Set(items) => {
                use_steps(items.len(), part, scope)?;
                let mapped: Result<Vec<Value>> =
                    items.iter().map(|item| owned(field(Cow::Borrowed(item), name, part, scope)?, part, scope)).collect();
                Ok(Cow::Owned(Value::Array(mapped?)))
            }
            _ => Ok(Cow::Owned(NONE)),
        },
    }
}

/// `.*` and what follows it: of each item, or of each value of an object; as the last step it leaves both as they are.
fn all<'a>(value: Cow<'a, Value>, rest: &'a [Part], part: &Part, scope: &'a Scope<'a>) -> Result<Cow<'a, Value>> {
    let value = match value.as_ref() {
        Value::Record(id) => match scope.record(id) {
            Some(linked) => Cow::Owned(Value::Object(linked.row().to_object())),
            None => Cow::Owned(NONE),
        },
        _ => value,
    };
    let items: Vec<&Value> = match value.as_ref() {
        _ if rest.is_empty() => return Ok(value),
        Value::Array(items) | Value::Set(items) => items.iter().collect(),
        Value::Object(object) => object.values().collect(),
        _ => return Ok(Cow::Owned(NONE)),
    };
    use_steps(items.len(), part, scope)?;
    let mut mapped = Vec::with_capacity(items.len());
    for item in items {
        mapped.push(owned(walk(Cow::Borrowed(item), rest, scope)?, part, scope)?);
    }
    Ok(Cow::Owned(Value::Array(mapped)))
}

fn last(value: Cow<'_, Value>) -> Cow<'_, Value> {
    match value {
        Cow::Borrowed(Value::Array(items) | Value::Set(items)) => items.last().map_or(Cow::Owned(NONE), Cow::Borrowed),
        Cow::Owned(Value::Array(mut items) | Value::Set(mut items)) => Cow::Owned(items.pop().unwrap_or_default()),
        _ => Cow::Owned(NONE),
    }
}

/// `[…]`: an item by its position, items by a range of them, a field by its name.
fn at<'a>(value: Cow<'a, Value>, position: &Value, part: &Part, scope: &Scope<'a>) -> Result<Cow<'a, Value>> {
    match position {
        Value::Int(index) => Ok(item(value, *index)),
        Value::Range(range) => match (value.as_ref(), slice_bounds(range)) {
            (Value::Array(items) | Value::Set(items), Some((begin, end))) => {
                let end = end.min(items.len());
                let slice = items.get(begin.min(end)..end).unwrap_or_default();
                use_steps(slice.len(), part, scope)?;
                Ok(Cow::Owned(Value::Array(slice.to_vec())))
            }
            _ => Ok(Cow::Owned(NONE)),
        },
        Value::String(name) if !matches!(value.as_ref(), Value::Array(_) | Value::Set(_)) => field(value, name, part, scope),
        _ => Ok(Cow::Owned(NONE)),
    }
}

/// The item at a position from 0; a negative one is nowhere.
fn item(value: Cow<'_, Value>, index: i64) -> Cow<'_, Value> {
    let Ok(index) = usize::try_from(index) else { return Cow::Owned(NONE) };
    match value {
        Cow::Borrowed(Value::Array(items) | Value::Set(items)) => items.get(index).map_or(Cow::Owned(NONE), Cow::Borrowed),
        Cow::Owned(Value::Array(mut items) | Value::Set(mut items)) if index < items.len() => {
            Cow::Owned(items.swap_remove(index))
        }
        _ => Cow::Owned(NONE),
    }
}

/// First and behind the last position; open sides reach to the ends, negative ones count as 0.
pub(crate) fn slice_bounds(range: &ddb_core::Range) -> Option<(usize, usize)> {
    use ddb_core::{Bound, Range};
    let closed = Range {
        begin: if matches!(range.begin, Bound::Unbounded) { Bound::Included(Value::Int(0)) } else { range.begin.clone() },
        end: if matches!(range.end, Bound::Unbounded) { Bound::Excluded(Value::Int(i64::MAX)) } else { range.end.clone() },
    };
    let (begin, end) = int_bounds(&closed)?;
    let position = |int: i64| usize::try_from(int.max(0)).unwrap_or(usize::MAX);
    Some((position(begin), position(end)))
}

/// The items for which the condition holds; of an object, itself if it does.
fn filter<'a>(value: Cow<'a, Value>, condition: &'a ddb_darshjql::Expr, part: &Part, scope: &'a Scope<'a>) -> Result<Value> {
    let holds = |item: &Value| -> Result<bool> {
        let inner = scope.of_item(item);
        Ok(is_truthy(&*eval(condition, &inner)?))
    };
    match value.as_ref() {
        Value::Array(items) | Value::Set(items) => {
            use_steps(items.len(), part, scope)?;
            let mut kept = Vec::new();
            for item in items {
                if holds(item)? {
                    kept.push(item.clone());
                }
            }
            Ok(Value::Array(kept))
        }
        Value::Object(_) => Ok(if holds(&value)? { value.into_owned() } else { NONE }),
        Value::Record(_) => Ok(if holds(&value)? { value.into_owned() } else { NONE }),
        _ => Ok(NONE),
    }
}

/// An object of some fields; of an array, one of each item. Fields that are NONE are left out.
fn destructure<'a>(value: &Value, fields: &'a [DestructuredField], part: &Part, scope: &'a Scope<'a>) -> Result<Value> {
    use_steps(fields.len(), part, scope)?;
    match value {
        Value::Array(items) | Value::Set(items) => {
            let mapped: Result<Vec<Value>> = items.iter().map(|item| destructure(item, fields, part, scope)).collect();
            Ok(Value::Array(mapped?))
        }
        Value::Object(_) => pick(value, fields, scope),
        Value::Record(id) => match scope.record(id) {
            Some(_) => pick(value, fields, scope),
            None => Ok(NONE),
        },
        _ => Ok(NONE),
    }
}

fn pick<'a>(value: &Value, fields: &'a [DestructuredField], scope: &'a Scope<'a>) -> Result<Value> {
    let mut object = Object::new();
    for field in fields {
        let picked = walk(Cow::Borrowed(value), &field.path.parts, scope)?.into_owned();
        if !picked.is_none() {
            object.insert(field.name.clone(), picked);
        }
    }
    Ok(Value::Object(object))
}

/// Arrays within the array in place of themselves.
fn flatten(value: Cow<'_, Value>) -> Cow<'_, Value> {
    let is_nested = |items: &[Value]| items.iter().any(|item| matches!(item, Value::Array(_) | Value::Set(_)));
    match value.as_ref() {
        Value::Array(items) if is_nested(items) => {
            let mut flat = Vec::with_capacity(items.len());
            for item in items {
                match item {
                    Value::Array(inner) | Value::Set(inner) => flat.extend_from_slice(inner),
                    single => flat.push(single.clone()),
                }
            }
            Cow::Owned(Value::Array(flat))
        }
        _ => value,
    }
}
