//! What a body gives, before it is known what it means: a value that reads as the kind that is stored at its path is of that kind.

use std::borrow::Cow;
use std::collections::HashMap;

use ddb_core::json::{self, Json};
use ddb_core::{Datetime, Geometry, Object, RecordId, Result, Value};
use ddb_darshjql::parse_record_id;

use crate::body_place::BodyPlace;
use crate::stored_kinds::{StoredKinds, TextKind};

/// A value of a body. Tags are read; what has no tag takes the kind of what is stored.
#[derive(Debug, Clone)]
pub(crate) enum Given {
    /// What JSON itself can tell: null, true and false, numbers, text.
    Plain(Value),
    /// Of the kind that its tag names, whatever is stored.
    Tagged(Value),
    Array(Vec<Given>),
    /// `{"$set":[…]}`.
    Set(Vec<Given>),
    Object(Vec<(String, Given)>),
    /// `{"$object":{…}}`: never a link or a geometry.
    TaggedObject(Vec<(String, Given)>),
}

/// What is stored where a value is given.
#[derive(Clone, Copy, Default)]
pub(crate) struct Stored<'a> {
    /// The value at the very place.
    pub(crate) value: Option<&'a Value>,
    /// The kinds at the path without its positions.
    pub(crate) around: Option<&'a StoredKinds<'a>>,
}

impl Given {
    /// Reads JSON and its tags.
    pub(crate) fn read(json: Json, place: &BodyPlace<'_>) -> Result<Self> {
        match json {
            Json::Array(items) => read_items(items, place).map(Self::Array),
            Json::Object(entries) => match <[_; 1]>::try_from(entries) {
                Ok([(tag, Json::Array(items))]) if tag == "$set" => read_items(items, place).map(Self::Set),
                Ok([(tag, Json::Object(entries))]) if tag == "$object" => read_members(entries, place).map(Self::TaggedObject),
                Ok(entry @ [_]) if entry[0].0.starts_with('$') => scalar(Json::Object(entry.into()), place).map(Self::Tagged),
                Ok(entry) => read_members(entry.into(), place).map(Self::Object),
                Err(entries) => match entries.iter().find(|(name, _)| name.starts_with('$')) {
                    Some((name, _)) => Err(place.member(name).invalid("TAG", |path| {
                        format!("`{path}` begins with `$` and stands beside other keys; `$object` holds an object with such keys")
                    })),
                    None => read_members(entries, place).map(Self::Object),
                },
            },
            json @ (Json::Null | Json::Bool(_) | Json::Int(_) | Json::Float(_) | Json::String(_)) => {
                scalar(json, place).map(Self::Plain)
            }
        }
    }

    /// What the value means where nothing is stored.
    pub(crate) fn value(&self) -> Value {
        self.over(Stored::default())
    }

    /// What the value means over what is stored.
    pub(crate) fn over(&self, stored: Stored<'_>) -> Value {
        match self {
            Self::Tagged(value) => value.clone(),
            Self::Plain(value) => plain_over(value, stored),
            Self::Array(items) => {
                let items = items_over(items, stored);
                if stored.is(|value| matches!(value, Value::Set(_))) { Value::set(items) } else { Value::Array(items) }
            }
            Self::Set(items) => Value::set(items_over(items, stored)),
            Self::TaggedObject(members) => Value::Object(members_over(members, stored)),
            Self::Object(members) => {
                if let Some(link) = expanded_link(members, stored) {
                    return link.clone().into();
                }
                if stored.is(|value| matches!(value, Value::Geometry(_)))
                    && let Some(geometry) = geometry_over(members, stored)
                {
                    return Value::Geometry(geometry);
                }
                Value::Object(members_over(members, stored))
            }
        }
    }

    /// The datetime that the value reads as, and whether it is plain text.
    pub(crate) fn datetime(&self) -> Option<(Datetime, bool)> {
        match self {
            Self::Plain(Value::String(text)) => Datetime::parse(text).ok().map(|datetime| (datetime, true)),
            Self::Tagged(Value::Datetime(datetime)) => Some((*datetime, false)),
            _ => None,
        }
    }

    /// The record id that the value reads as.
    pub(crate) fn record_id(&self) -> Option<Cow<'_, RecordId>> {
        match self {
            Self::Plain(Value::String(text)) => parse_record_id(text).ok().map(Cow::Owned),
            Self::Tagged(Value::Record(id)) => Some(Cow::Borrowed(id)),
            _ => None,
        }
    }
}

impl<'a> Stored<'a> {
    pub(crate) fn at(value: Option<&'a Value>) -> Self {
        Self { value, around: None }
    }

    /// An item of the list whose kinds these are.
    pub(crate) fn among(kinds: &'a StoredKinds<'a>) -> Self {
        Self { value: None, around: Some(kinds).filter(|kinds| !kinds.is_mixed()) }
    }

    /// Whether the kind that is stored here is the one that `is` knows.
    fn is(&self, is: impl Fn(&Value) -> bool) -> bool {
        match self.value {
            Some(Value::None | Value::Null) | None => self.around.and_then(StoredKinds::sample).is_some_and(is),
            Some(value) => is(value),
        }
    }

    fn member(&self, name: &str) -> Self {
        let value = match self.value {
            Some(Value::Object(object)) => object.get(name),
            _ => None,
        };
        Self { value, around: self.around.and_then(|around| around.member(name)) }
    }
}

fn read_items(items: Vec<Json>, place: &BodyPlace<'_>) -> Result<Vec<Given>> {
    items.into_iter().enumerate().map(|(index, item)| Given::read(item, &place.item(index))).collect()
}

fn read_members(entries: Vec<(String, Json)>, place: &BodyPlace<'_>) -> Result<Vec<(String, Given)>> {
    let mut members = Vec::with_capacity(entries.len());
    for (name, json) in entries {
        let given = Given::read(json, &place.member(&name))?;
        members.push((name, given));
    }
    Ok(members)
}

/// The value of what holds no value whose kind is open.
fn scalar(json: Json, place: &BodyPlace<'_>) -> Result<Value> {
    json::to_value(json, "", parse_record_id).map_err(|error| error.in_field(&place.path()))
}

fn plain_over(value: &Value, stored: Stored<'_>) -> Value {
    match (value, stored.value) {
        (Value::Null, Some(Value::None)) => Value::None,
        (Value::String(text), _) => text_over(text, stored).unwrap_or_else(|| value.clone()),
        (Value::Int(int), _) if stored.is(|value| matches!(value, Value::Float(_))) => {
            let float = *int as f64;
            if float as i128 == i128::from(*int) { Value::Float(float) } else { value.clone() }
        }
        _ => value.clone(),
    }
}

fn text_over(text: &str, stored: Stored<'_>) -> Option<Value> {
    let here = stored.value.and_then(TextKind::of);
    if here.is_some()
        && let Some(value) = stored.value
        && is_plain_text_of(text, value)
    {
        return Some(value.clone());
    }
    // A finite float keeps no text, but one of its neighbours may be NaN.
    let is_open = matches!(stored.value, None | Some(Value::None | Value::Null | Value::Float(_)));
    let around = stored.around.filter(|_| is_open).and_then(StoredKinds::text_kind);
    here.or(around)?.read(text)
}

/// Whether plain answers show the value as this text.
fn is_plain_text_of(text: &str, value: &Value) -> bool {
    let mut shown = Vec::with_capacity(text.len() + 2);
    json::write_plain(value, &mut shown);
    let mut given = Vec::with_capacity(shown.len());
    json::write_string(text, &mut given);
    shown == given
}

/// The stored link that an object stands for because it is the record that the link leads to.
fn expanded_link<'a>(members: &[(String, Given)], stored: Stored<'a>) -> Option<&'a RecordId> {
    let is_open = matches!(stored.value, None | Some(Value::None | Value::Null | Value::Record(_)));
    if !is_open || !stored.is(|value| matches!(value, Value::Record(_))) {
        return None;
    }
    let (_, id) = members.iter().find(|(name, _)| name == "id")?;
    let id = id.record_id()?;
    match stored.value {
        Some(Value::Record(link)) if **link == *id => Some(link),
        _ => stored.around?.link(&id),
    }
}

fn geometry_over(members: &[(String, Given)], stored: Stored<'_>) -> Option<Geometry> {
    let object: Object = members.iter().map(|(name, given)| (name.clone(), given.value())).collect();
    if let Some(Value::Geometry(geometry)) = stored.value
        && plain(&Value::Object(object.clone())) == plain(&Value::Geometry(geometry.clone()))
    {
        return Some(geometry.clone());
    }
    Geometry::from_geojson(object).ok()
}

fn members_over(members: &[(String, Given)], stored: Stored<'_>) -> Object {
    let mut object: Object = members.iter().map(|(name, given)| (name.clone(), given.over(stored.member(name)))).collect();
    // Plain answers do not show them, so who sends back what was read cannot name them.
    if let Some(Value::Object(before)) = stored.value {
        for (name, value) in before.iter().filter(|(_, value)| value.is_none()) {
            object.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    object
}

fn items_over(items: &[Given], stored: Stored<'_>) -> Vec<Value> {
    let before: &[Value] = match stored.value {
        Some(Value::Array(before) | Value::Set(before)) => before,
        _ => &[],
    };
    let own = StoredKinds::of_items(before);
    let kinds = if own.is_empty() { stored.around.and_then(StoredKinds::items) } else { Some(&own) };
    let around = kinds.filter(|kinds| !kinds.is_mixed());
    let is_set = matches!(stored.value, Some(Value::Set(_)));
    // Where the kinds alone do not tell what an item is, a stored item that looks the same does, wherever it stands.
    let is_unclear = own.is_mixed_inside() || is_set && own.is_mixed();
    let mut known: HashMap<Vec<u8>, &Value> = HashMap::new();
    if is_unclear {
        for value in before {
            known.entry(plain(value)).or_insert(value);
        }
    }
    let mut values = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let here = before.get(index);
        if is_unclear {
            let shown = plain(&item.value());
            let same = here.filter(|value| plain(value) == shown).or_else(|| known.get(&shown).copied());
            if let (Some(same), false) = (same, item.is_tagged()) {
                values.push(same.clone());
                continue;
            }
        }
        values.push(item.over(Stored { value: here, around }));
    }
    values
}

/// A value as whoever read it in a plain answer would write it: equal ones look the same, whatever their kinds and the order of their keys.
fn plain(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write_shown(value, &mut out);
    out
}

fn write_shown(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Array(items) | Value::Set(items) => {
            out.push(b'[');
            for item in items {
                write_shown(item, out);
                out.push(b',');
            }
            out.push(b']');
        }
        Value::Object(object) => {
            out.push(b'{');
            for (name, value) in object.iter().filter(|(_, value)| !value.is_none()) {
                json::write_string(name, out);
                out.push(b':');
                write_shown(value, out);
                out.push(b',');
            }
            out.push(b'}');
        }
        Value::Geometry(_) => write_shown(&Value::Object(shown_geometry(value)), out),
        other => json::write_plain(other, out),
    }
}

/// A geometry as the object that plain answers show.
pub(crate) fn shown_geometry(geometry: &Value) -> Object {
    let mut shown = Vec::new();
    json::write_plain(geometry, &mut shown);
    match json::parse(&shown).and_then(|json| json::to_value(json, "", parse_record_id)) {
        Ok(Value::Object(object)) => object,
        _ => Object::new(),
    }
}

impl Given {
    /// Whether something in it says its kind.
    fn is_tagged(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tagged(_) | Self::Set(_) | Self::TaggedObject(_) => true,
            Self::Array(items) => items.iter().any(Self::is_tagged),
            Self::Object(members) => members.iter().any(|(_, given)| given.is_tagged()),
        }
    }
}
