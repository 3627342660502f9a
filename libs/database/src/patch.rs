//! Merging a body into a record: RFC 7396, with `{"$null":true}` to store null and the atomic operators `$inc`, `$push`, `$pull`.

use ddb_core::json::Json;
use ddb_core::{Error, FieldName, Geometry, Object, RecordId, Result, Value};
use ddb_engine::arithmetic;
use ddb_store::{Current, Record};

use crate::body_place::BodyPlace;
use crate::given::{Given, Stored, shown_geometry};
use crate::record_body::{self, Ttl};
use crate::stored_kinds::StoredKinds;
use crate::system_values::{self, SystemValues};

/// A merge that was checked as far as it can be without the record.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    changes: Vec<(String, Change)>,
    pub(crate) system: SystemValues,
    /// None leaves the expiry as it is.
    pub(crate) ttl: Option<Option<Ttl>>,
}

#[derive(Debug, Clone)]
enum Change {
    Remove,
    Set(Given),
    Merge(Vec<(String, Change)>),
    Increment(Value),
    Push(Given),
    Pull(Given),
}

impl Patch {
    /// Reads a PATCH body.
    pub fn parse(json: Json) -> Result<Self> {
        let mut entries = record_body::entries(json)?;
        let ttl = Ttl::take_change(&mut entries)?;
        let system = SystemValues::take(&mut entries)?;
        let mut changes = Vec::with_capacity(entries.len());
        for (name, json) in entries {
            FieldName::parse(&name)?;
            let change = change(json, &BodyPlace::of(&name))?;
            changes.push((name, change));
        }
        Ok(Self { changes, system, ttl })
    }

    /// The fields of the record after the merge.
    pub(crate) fn over(&self, record: &Record, current: &Current<'_>) -> Result<Object> {
        let mut fields = record.fields.clone();
        for (name, change) in &self.changes {
            let is_own = match change {
                Change::Remove => true,
                Change::Set(given) => system_values::is_field(name, Some(given), record, current),
                Change::Merge(_) | Change::Increment(_) | Change::Push(_) | Change::Pull(_) => {
                    system_values::is_field(name, None, record, current)
                }
            };
            if is_own {
                apply(&mut fields, name, change, &BodyPlace::of(name))?;
            }
        }
        Ok(fields)
    }

    /// The fields of a record that the merge makes.
    pub(crate) fn alone(&self, current: &Current<'_>) -> Result<Object> {
        let mut fields = Object::new();
        for (name, change) in &self.changes {
            match change {
                Change::Set(given) if system_values::is_time(name) => {
                    let value = given.datetime().map_or_else(|| given.value(), |(datetime, _)| Value::Datetime(datetime));
                    if !value.is_none() {
                        fields.insert(name.clone(), value);
                    }
                }
                change => apply(&mut fields, name, change, &BodyPlace::of(name))?,
            }
        }
        system_values::keep_own_alone(&mut fields, current);
        Ok(fields)
    }
}

fn change(json: Json, place: &BodyPlace<'_>) -> Result<Change> {
    let entries = match json {
        Json::Null => return Ok(Change::Remove),
        Json::Object(entries) => entries,
        json @ (Json::Bool(_) | Json::Int(_) | Json::Float(_) | Json::String(_) | Json::Array(_)) => {
            return Given::read(json, place).map(Change::Set);
        }
    };
    match entries.as_slice() {
        [(operator, Json::Bool(true))] if operator == "$null" => Ok(Change::Set(Given::Tagged(Value::Null))),
        [(operator, _)] if matches!(operator.as_str(), "$inc" | "$push" | "$pull") => {
            let [(operator, operand)] = <[_; 1]>::try_from(entries).expect("matched above");
            let operand = Given::read(operand, place)?;
            match operator.as_str() {
                "$inc" => match operand.value() {
                    by if is_number(&by) => Ok(Change::Increment(by)),
                    _ => Err(place.invalid("TYPE", |_| "`$inc` takes a number".to_owned())),
                },
                "$push" => Ok(Change::Push(operand)),
                _ => Ok(Change::Pull(operand)),
            }
        }
        [(name, _)] if name.starts_with('$') => Given::read(Json::Object(entries), place).map(Change::Set),
        _ => {
            let mut changes = Vec::with_capacity(entries.len());
            for (name, json) in entries {
                let inner = place.member(&name);
                if name.starts_with('$') {
                    return Err(inner.invalid("TYPE", |path| format!("`{path}` begins with `$` and stands beside other keys")));
                }
                let change = change(json, &inner)?;
                changes.push((name, change));
            }
            Ok(Change::Merge(changes))
        }
    }
}

fn apply(object: &mut Object, name: &str, change: &Change, place: &BodyPlace<'_>) -> Result<()> {
    match change {
        Change::Remove => {
            object.remove(name);
        }
        Change::Set(given) => match given.over(Stored::at(object.get(name))) {
            Value::None => {
                object.remove(name);
            }
            value => {
                object.insert(name.to_owned(), value);
            }
        },
        Change::Merge(changes) => {
            let merged = match object.remove(name) {
                Some(Value::Record(link)) if is_expanded(changes, &link) => Value::Record(link),
                Some(geometry @ Value::Geometry(_)) => {
                    let shown = shown_geometry(&geometry);
                    let after = merged(shown.clone(), changes, place)?;
                    match Geometry::from_geojson(after.clone()) {
                        _ if Value::Object(after).identical(&Value::Object(shown)) => geometry,
                        Ok(geometry) => Value::Geometry(geometry),
                        Err(_) => Value::Object(merged(Object::new(), changes, place)?),
                    }
                }
                Some(Value::Object(inner)) => Value::Object(merged(inner, changes, place)?),
                _ => Value::Object(merged(Object::new(), changes, place)?),
            };
            object.insert(name.to_owned(), merged);
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
                object.insert(name.to_owned(), Value::Array(vec![item.value()]));
            }
            Some(Value::Array(items)) => {
                let item = item.over(Stored::among(&StoredKinds::of_items(items)));
                items.push(item);
            }
            Some(set @ Value::Set(_)) => {
                let Value::Set(members) = std::mem::replace(set, Value::Null) else { return Ok(()) };
                let item = item.over(Stored::among(&StoredKinds::of_items(&members)));
                *set = Value::set(members.into_iter().chain([item]).collect());
            }
            Some(other) => return Err(not_a_list(place, "$push", other)),
        },
        Change::Pull(item) => match object.get_mut(name) {
            None => {}
            Some(Value::Array(items) | Value::Set(items)) => {
                let item = item.over(Stored::among(&StoredKinds::of_items(items)));
                items.retain(|known| *known != item);
            }
            Some(other) => return Err(not_a_list(place, "$pull", other)),
        },
    }
    Ok(())
}

/// Merges into an object.
fn merged(mut object: Object, changes: &[(String, Change)], place: &BodyPlace<'_>) -> Result<Object> {
    for (name, change) in changes {
        apply(&mut object, name, change, &place.member(name))?;
    }
    Ok(object)
}

/// Whether the changes are the record that the link leads to, as an expanded answer shows it.
fn is_expanded(changes: &[(String, Change)], link: &RecordId) -> bool {
    changes.iter().any(|(name, change)| match change {
        Change::Set(id) => name == "id" && id.record_id().is_some_and(|id| *id == *link),
        _ => false,
    })
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Float(_) | Value::Decimal(_))
}

/// As the language adds numbers; a sum of finite numbers has to be finite.
fn add(value: &Value, by: &Value, place: &BodyPlace<'_>) -> Result<Value> {
    let overflow = || place.invalid("RANGE", |path| format!("`$inc` would take `{path}` beyond the range of its type"));
    if !is_number(value) {
        return Err(place.invalid("TYPE", |path| format!("`$inc` needs a number, `{path}` is {}", value.kind_name())));
    }
    let is_finite = |value: &Value| !matches!(value, Value::Float(float) if !float.is_finite());
    match arithmetic::add(value, by) {
        Ok(sum) if is_finite(&sum) || !is_finite(value) || !is_finite(by) => Ok(sum),
        Ok(_) | Err(_) => Err(overflow()),
    }
}

fn not_a_list(place: &BodyPlace<'_>, operator: &str, value: &Value) -> Error {
    place.invalid("TYPE", |path| format!("`{operator}` needs an array or a set, `{path}` is {}", value.kind_name()))
}

#[cfg(test)]
mod tests {
    use ddb_core::json::{self, parse, write_plain};
    use ddb_darshjql::parse_record_id;

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
        for (name, change) in &Patch::parse(parse(patch.as_bytes())?)?.changes {
            apply(&mut fields, name, change, &BodyPlace::of(name))?;
        }
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
            ("{}", r#"{"_owner":7}"#),
            ("{}", r#"{"id":null}"#),
            ("{}", r#"{"_expires":7}"#),
            ("{}", r#"{"$set":{"a":1}}"#),
            ("{}", r#"[1]"#),
        ] {
            check(record, patch, "VALIDATION_FAILED");
        }
    }
}
