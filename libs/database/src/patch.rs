//! Merging a body into a record: RFC 7396, with `{"$null":true}` to store null and the atomic operators `$inc`, `$push`, `$pull`.

use std::fmt::{self, Write};

use ddb_core::json::{self, Json};
use ddb_core::{Error, FieldName, Object, Result, Value};
use ddb_darshjql::parse_record_id;
use ddb_engine::arithmetic;

use crate::record_body::{self, Ttl};

/// A merge that was checked as far as it can be without the record.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    changes: Vec<(String, Change)>,
    /// None leaves the expiry as it is.
    pub(crate) ttl: Option<Option<Ttl>>,
}

#[derive(Debug, Clone)]
enum Change {
    Remove,
    Set(Value),
    Merge(Vec<(String, Change)>),
    Increment(Value),
    Push(Value),
    Pull(Value),
}

impl Patch {
    /// Reads a PATCH body.
    pub fn parse(json: Json) -> Result<Self> {
        let mut entries = record_body::entries(json)?;
        let ttl = Ttl::take_change(&mut entries)?;
        let mut changes = Vec::with_capacity(entries.len());
        for (name, json) in entries {
            FieldName::parse(&name)?;
            let change = change(json, &Place { outer: None, name: &name })?;
            changes.push((name, change));
        }
        Ok(Self { changes, ttl })
    }

    /// Merges into a record's fields; an error changes nothing that is kept.
    pub fn apply(&self, fields: &mut Object) -> Result<()> {
        for (name, change) in &self.changes {
            apply(fields, name, change, &Place { outer: None, name })?;
        }
        Ok(())
    }
}

/// Where a change stands in the body. It is written out for errors only: a body of 16 MB can hold a million fields under a name of
/// megabytes, and a copy of the name for each of them would take minutes.
struct Place<'a> {
    outer: Option<&'a Place<'a>>,
    name: &'a str,
}

/// Characters of a name, and bytes of a whole path, that stand in an error.
const SHOWN_NAME: usize = 128;
const SHOWN_PATH: usize = 1_024;

impl Place<'_> {
    fn path(&self) -> String {
        let mut path = self.to_string();
        if path.len() > SHOWN_PATH {
            path.truncate(path.floor_char_boundary(SHOWN_PATH));
            path.push('…');
        }
        path
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outer) = self.outer {
            outer.fmt(f)?;
            f.write_char('.')?;
        }
        self.name.chars().take(SHOWN_NAME).try_for_each(|c| f.write_char(if c.is_control() { '\u{fffd}' } else { c }))
    }
}

fn invalid(place: &Place<'_>, code: &'static str, message: impl FnOnce(&str) -> String) -> Error {
    let path = place.path();
    let message = message(&path);
    Error::invalid(path, code, message)
}

/// The value of what is no merge.
fn value(json: Json, place: &Place<'_>) -> Result<Value> {
    json::to_value(json, "", parse_record_id).map_err(|error| error.in_field(&place.path()))
}

fn change(json: Json, place: &Place<'_>) -> Result<Change> {
    let entries = match json {
        Json::Null => return Ok(Change::Remove),
        Json::Object(entries) => entries,
        json @ (Json::Bool(_) | Json::Int(_) | Json::Float(_) | Json::String(_) | Json::Array(_)) => {
            return value(json, place).map(Change::Set);
        }
    };
    match entries.as_slice() {
        [(operator, Json::Bool(true))] if operator == "$null" => Ok(Change::Set(Value::Null)),
        [(operator, _)] if matches!(operator.as_str(), "$inc" | "$push" | "$pull") => {
            let [(operator, operand)] = <[_; 1]>::try_from(entries).expect("matched above");
            let operand = value(operand, place)?;
            match operator.as_str() {
                "$inc" if !is_number(&operand) => Err(invalid(place, "TYPE", |_| "`$inc` takes a number".to_owned())),
                "$inc" => Ok(Change::Increment(operand)),
                "$push" => Ok(Change::Push(operand)),
                _ => Ok(Change::Pull(operand)),
            }
        }
        [(name, _)] if name.starts_with('$') => value(Json::Object(entries), place).map(Change::Set),
        _ => {
            let mut changes = Vec::with_capacity(entries.len());
            for (name, json) in entries {
                let inner = Place { outer: Some(place), name: &name };
                if name.starts_with('$') {
                    return Err(invalid(&inner, "TYPE", |path| format!("`{path}` begins with `$` and stands beside other keys")));
                }
                let change = change(json, &inner)?;
                changes.push((name, change));
            }
            Ok(Change::Merge(changes))
        }
    }
}

fn apply(object: &mut Object, name: &str, change: &Change, place: &Place<'_>) -> Result<()> {
    match change {
        Change::Remove => {
            object.remove(name);
        }
        Change::Set(Value::None) => {
            object.remove(name);
        }
        Change::Set(value) => {
            object.insert(name.to_owned(), value.clone());
        }
        Change::Merge(changes) => {
            let mut inner = match object.remove(name) {
                Some(Value::Object(inner)) => inner,
                _ => Object::new(),
            };
            for (name, change) in changes {
                apply(&mut inner, name, change, &Place { outer: Some(place), name })?;
            }
            object.insert(name.to_owned(), Value::Object(inner));
        }
        Change::Increment(by) => {
            let sum = match object.get(name) {
                None => by.clone(),
                Some(value) => add(value, by, place)?,
            };
            object.insert(name.to_owned(), sum);
        }
        Change::Push(item) => match object.get_mut(name) {
            None => {
                object.insert(name.to_owned(), Value::Array(vec![item.clone()]));
            }
            Some(Value::Array(items)) => items.push(item.clone()),
            Some(set @ Value::Set(_)) => {
                let Value::Set(members) = std::mem::replace(set, Value::Null) else { return Ok(()) };
                *set = Value::set(members.into_iter().chain([item.clone()]).collect());
            }
            Some(other) => return Err(not_a_list(place, "$push", other)),
        },
        Change::Pull(item) => match object.get_mut(name) {
            None => {}
            Some(Value::Array(items) | Value::Set(items)) => items.retain(|known| known != item),
            Some(other) => return Err(not_a_list(place, "$pull", other)),
        },
    }
    Ok(())
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Float(_) | Value::Decimal(_))
}

/// As the language adds numbers; a sum of finite numbers has to be finite.
fn add(value: &Value, by: &Value, place: &Place<'_>) -> Result<Value> {
    let overflow = || invalid(place, "RANGE", |path| format!("`$inc` would take `{path}` beyond the range of its type"));
    if !is_number(value) {
        return Err(invalid(place, "TYPE", |path| format!("`$inc` needs a number, `{path}` is {}", value.kind_name())));
    }
    let is_finite = |value: &Value| !matches!(value, Value::Float(float) if !float.is_finite());
    match arithmetic::add(value, by) {
        Ok(sum) if is_finite(&sum) || !is_finite(value) || !is_finite(by) => Ok(sum),
        Ok(_) | Err(_) => Err(overflow()),
    }
}

fn not_a_list(place: &Place<'_>, operator: &str, value: &Value) -> Error {
    invalid(place, "TYPE", |path| format!("`{operator}` needs an array or a set, `{path}` is {}", value.kind_name()))
}

#[cfg(test)]
mod tests {
    use ddb_core::json::{parse, write_plain};

    use super::*;

    fn check(record: &str, patch: &str, expected: &str) {
        let actual = match merge(record, patch) {
            Ok(object) => {
                let mut text = Vec::new();
                write_plain(&Value::Object(object), &mut text);
                String::from_utf8(text).expect("JSON is UTF-8")
            }
            Err(error) => error.code().as_str().to_owned(),
        };
        assert_eq!(actual, expected, "{record} merged with {patch}");
    }

    fn merge(record: &str, patch: &str) -> Result<Object> {
        let Value::Object(mut fields) = json::to_value(parse(record.as_bytes())?, "", parse_record_id)? else {
            return Err(Error::internal("a record in a test is an object"));
        };
        Patch::parse(parse(patch.as_bytes())?)?.apply(&mut fields)?;
        Ok(fields)
    }

    #[test]
    fn merges_as_rfc_7396_says() {
        check(r#"{"a":1}"#, r#"{"b":2}"#, r#"{"a":1,"b":2}"#);
        check(r#"{"a":1}"#, r#"{"a":null}"#, "{}");
        check(r#"{"a":1}"#, r#"{"a":{"$null":true}}"#, r#"{"a":null}"#);
        check(r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"b":null,"d":3}}"#, r#"{"a":{"c":2,"d":3}}"#);
        check(r#"{"a":1}"#, r#"{"a":{"b":{"c":null}}}"#, r#"{"a":{"b":{}}}"#);
        check(r#"{"a":[1,2]}"#, r#"{"a":[3]}"#, r#"{"a":[3]}"#);
    }

    #[test]
    fn operators_compute() {
        check("{}", r#"{"n":{"$inc":5}}"#, r#"{"n":5}"#);
        check(r#"{"n":1}"#, r#"{"n":{"$inc":-3}}"#, r#"{"n":-2}"#);
        check(r#"{"n":1}"#, r#"{"n":{"$inc":0.5}}"#, r#"{"n":1.5}"#);
        check(r#"{"n":{"$decimal":"1.5"}}"#, r#"{"n":{"$inc":1}}"#, r#"{"n":"2.5"}"#);
        check(r#"{"s":{"n":1}}"#, r#"{"s":{"n":{"$inc":1}}}"#, r#"{"s":{"n":2}}"#);
        check("{}", r#"{"t":{"$push":"a"}}"#, r#"{"t":["a"]}"#);
        check(r#"{"t":["a"]}"#, r#"{"t":{"$push":"a"}}"#, r#"{"t":["a","a"]}"#);
        check(r#"{"t":["a","b","a"]}"#, r#"{"t":{"$pull":"a"}}"#, r#"{"t":["b"]}"#);
        check("{}", r#"{"t":{"$pull":"a"}}"#, "{}");
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for (record, patch) in [
            (r#"{"n":9223372036854775807}"#, r#"{"n":{"$inc":1}}"#),
            (r#"{"n":1.7e308}"#, r#"{"n":{"$inc":1.7e308}}"#),
            (r#"{"n":"1"}"#, r#"{"n":{"$inc":1}}"#),
            (r#"{"n":null}"#, r#"{"n":{"$inc":1}}"#),
            ("{}", r#"{"n":{"$inc":"1"}}"#),
            (r#"{"t":"a"}"#, r#"{"t":{"$push":1}}"#),
            (r#"{"t":1}"#, r#"{"t":{"$pull":1}}"#),
            ("{}", r#"{"n":{"$inc":1,"x":2}}"#),
            ("{}", r#"{"n":{"$nope":1}}"#),
            ("{}", r#"{"_owner":"user:1"}"#),
            ("{}", r#"{"id":"x"}"#),
            ("{}", r#"{"$set":{"a":1}}"#),
            ("{}", r#"[1]"#),
        ] {
            check(record, patch, "VALIDATION_FAILED");
        }
    }
}
