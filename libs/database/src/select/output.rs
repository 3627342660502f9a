//! Records as objects: some fields, links followed.

use ddb_core::{Datetime, Object, Record, RecordId, Result, TableName, Timestamp, Value};
use ddb_darshjql::{Expr, ExprKind, Path, Span};

use super::links::Links;
use super::reader::{Output, Reader};

/// A record with all that an answer shows of it.
pub(crate) fn full(record: &Record) -> Object {
    let mut object = record.fields.clone();
    object.insert("id".to_owned(), record.id.clone().into());
    let owner = record.owner.clone().map_or(Value::Null, |key| RecordId::new(TableName::user(), key).into());
    object.insert("_owner".to_owned(), owner);
    if !record.fields.contains_key("created") {
        object.insert("created".to_owned(), time(record.created));
    }
    if !record.fields.contains_key("updated") {
        object.insert("updated".to_owned(), time(record.updated));
    }
    if let Some(expires) = record.expires {
        object.insert("_expires".to_owned(), time(expires));
    }
    object
}

fn time(time: Timestamp) -> Value {
    Value::Datetime(Datetime::from_timestamp(time))
}

/// The id and what stands at some paths of fields, which lead over links too, nested as the paths are.
pub(crate) async fn pick(reader: &mut Reader<'_>, paths: &[Path], records: &[Record]) -> Result<Vec<Object>> {
    let of_id = |record: &Record| Object::from([("id".to_owned(), Value::from(record.id.clone()))]);
    let mut objects: Vec<Object> = records.iter().map(of_id).collect();
    for path in paths {
        let names = path.fields().unwrap_or_default();
        let expr = Expr::new(ExprKind::Path(path.clone()), Span::default());
        for (object, value) in objects.iter_mut().zip(reader.evaluate(&expr, records).await?) {
            if !value.is_none() {
                put(object, &names, value);
            }
        }
    }
    Ok(objects)
}

fn put(object: &mut Object, names: &[&str], value: Value) {
    let Some((name, rest)) = names.split_first() else { return };
    if rest.is_empty() {
        object.insert((*name).to_owned(), value);
        return;
    }
    let inner = object.entry((*name).to_owned()).or_insert_with(|| Value::Object(Object::new()));
    if !matches!(inner, Value::Object(_)) {
        *inner = Value::Object(Object::new());
    }
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}

/// Replaces the links at some paths of fields by what they lead to. A link to what does not exist for the caller stays a link.
pub(crate) async fn expand(reader: &mut Reader<'_>, paths: &[Path], objects: &mut [Object]) -> Result<()> {
    let paths: Vec<Vec<&str>> = paths.iter().filter_map(Path::fields).collect();
    loop {
        let mut unknown = Vec::new();
        for object in objects.iter_mut() {
            for path in &paths {
                follow_in(object, path, &reader.links, &mut reader.output, &mut unknown)?;
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        unknown.sort();
        unknown.dedup();
        reader.fetch(unknown).await?;
    }
}

fn follow_in(object: &mut Object, path: &[&str], links: &Links, output: &mut Output, unknown: &mut Vec<RecordId>) -> Result<()> {
    if let Some((name, rest)) = path.split_first()
        && let Some(value) = object.get_mut(*name)
    {
        follow(value, rest, links, output, unknown)?;
    }
    Ok(())
}

fn follow(value: &mut Value, rest: &[&str], links: &Links, output: &mut Output, unknown: &mut Vec<RecordId>) -> Result<()> {
    match value {
        Value::Record(id) => match links.get(id) {
            Some(record) => {
                output.add(SYSTEM_VALUES + ddb_core::weight(&record.fields))?;
                let mut object = full(record);
                follow_in(&mut object, rest, links, output, unknown)?;
                *value = Value::Object(object);
            }
            None if links.is_known(id) => {}
            None => unknown.push((**id).clone()),
        },
        Value::Array(items) | Value::Set(items) => {
            for item in items {
                follow(item, rest, links, output, unknown)?;
            }
        }
        Value::Object(object) => follow_in(object, rest, links, output, unknown)?,
        _ => {}
    }
    Ok(())
}

/// About what the id and the system's values of a record take.
const SYSTEM_VALUES: usize = 512;
