//! What a body says about a record: its fields, its key, its expiry.

use std::time::Duration;

use ddb_core::json::{self, Json};
use ddb_core::{Error, FieldName, Object, RecordId, RecordKey, Result, TableName, Timestamp, Value};
use ddb_darshjql::{parse_own_id, parse_record_id};
use ddb_store::{Current, Record};

use crate::body_place::BodyPlace;
use crate::given::{Given, Stored};
use crate::system_values::{self, SystemValues};

/// The longest expiry: a thousand years, so that the time of expiry stays far inside its range.
const MAX_TTL_SECONDS: i64 = 1_000 * 365 * 24 * 3_600;

/// Characters of a name that stand in an error.
const SHOWN_NAME: usize = 128;

/// A record to be made.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// Generated where None.
    pub key: Option<RecordKey>,
    pub fields: Object,
    /// How long the record lives; None: for ever.
    pub ttl: Option<Ttl>,
    pub(crate) system: SystemValues,
}

/// The whole of what a record is to hold.
#[derive(Debug, Clone)]
pub struct Replacement {
    fields: Vec<(String, Given)>,
    pub(crate) system: SystemValues,
    /// None where the body says nothing of it.
    pub(crate) ttl: Option<Option<Ttl>>,
}

/// How long a record lives from the write on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ttl(Duration);

impl Ttl {
    /// When a record that is written `now` expires.
    pub fn from(self, now: Timestamp) -> Timestamp {
        Timestamp(now.0.saturating_add(i64::try_from(self.0.as_micros()).unwrap_or(i64::MAX)))
    }

    fn parse(json: &Json) -> Result<Self> {
        if let Json::Int(seconds) = json
            && (1..=MAX_TTL_SECONDS).contains(seconds)
        {
            return Ok(Self(Duration::from_secs(seconds.unsigned_abs())));
        }
        Err(Error::invalid("$ttl", "TYPE", format!("`$ttl` is a whole number of seconds from 1 to {MAX_TTL_SECONDS}")))
    }

    /// The `$ttl` of a change: absent, `null` (lives for ever from now on), or seconds.
    pub(crate) fn take_change(entries: &mut Vec<(String, Json)>) -> Result<Option<Option<Self>>> {
        match take(entries, "$ttl") {
            None => Ok(None),
            Some(Json::Null) => Ok(Some(None)),
            Some(json) => Self::parse(&json).map(|ttl| Some(Some(ttl))),
        }
    }
}

impl NewRecord {
    /// `{fields…, "id"?: key or full id, "$ttl"?: seconds}`; `null` is a value here.
    pub fn for_create(table: &TableName, json: Json) -> Result<Self> {
        let mut entries = entries(json)?;
        let key = take(&mut entries, "id").map(|json| key(table, json)).transpose()?;
        let ttl = take(&mut entries, "$ttl").map(|json| Ttl::parse(&json)).transpose()?;
        system_values::read_times(&mut entries);
        Ok(Self { key, fields: fields(entries)?, ttl, system: SystemValues::default() })
    }

    /// The body of a PUT that creates: the path names the key, and the system values may stand in it as they were read.
    pub fn for_key(table: &TableName, key: &RecordKey, json: Json) -> Result<Self> {
        let mut entries = entries(json)?;
        let ttl = Ttl::take_change(&mut entries)?.flatten();
        let system = SystemValues::take(&mut entries)?;
        system.check_id(&RecordId::new(table.clone(), key.clone()))?;
        if system.keeps_expiry && ttl.is_none() {
            return Err(system_values::no_expiry_yet());
        }
        system_values::read_times(&mut entries);
        Ok(Self { key: Some(key.clone()), fields: fields(entries)?, ttl, system })
    }
}

impl Replacement {
    /// `{fields…, "$ttl"?: seconds}`, and the system values as they were read; `null` is a value here.
    pub fn parse(json: Json) -> Result<Self> {
        let mut entries = entries(json)?;
        let ttl = Ttl::take_change(&mut entries)?;
        let system = SystemValues::take(&mut entries)?;
        let mut fields = Vec::with_capacity(entries.len());
        for (name, json) in entries {
            FieldName::parse(&name)?;
            let given = Given::read(json, &BodyPlace::of(&name))?;
            fields.push((name, given));
        }
        Ok(Self { fields, system, ttl })
    }

    /// What the record holds afterwards.
    pub(crate) fn over(&self, record: &Record, current: &Current<'_>) -> Object {
        let mut fields = Object::new();
        for (name, given) in &self.fields {
            if !system_values::is_field(name, Some(given), record, current) {
                continue;
            }
            let value = given.over(Stored::at(record.fields.get(name)));
            if !value.is_none() {
                fields.insert(name.clone(), value);
            }
        }
        fields
    }
}

/// The members of a record's body.
pub(crate) fn entries(json: Json) -> Result<Vec<(String, Json)>> {
    let Json::Object(entries) = json else {
        return Err(Error::new(ddb_core::ErrorCode::ValidationFailed, "a record is a JSON object"));
    };
    Ok(entries)
}

pub(crate) fn take(entries: &mut Vec<(String, Json)>, name: &str) -> Option<Json> {
    let position = entries.iter().position(|(known, _)| known == name)?;
    Some(entries.remove(position).1)
}

/// A name from a body as far as it stands in an error.
pub(crate) fn shown(name: &str) -> String {
    name.chars().take(SHOWN_NAME).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The key that `"id"` of a body names: a full id of the table, as text or as `$record`, is that id; any other string is the key literally.
pub(crate) fn key(table: &TableName, json: Json) -> Result<RecordKey> {
    match json {
        Json::Int(number) => Ok(RecordKey::Int(number)),
        Json::String(text) => match parse_own_id(table, &text) {
            Some(key) => Ok(key),
            None => RecordKey::from_value(Value::String(text)),
        },
        Json::Array(_) | Json::Object(_) => match json::to_value(json, "id", parse_record_id)? {
            Value::Record(id) if id.table == *table => RecordKey::from_value(id.key.into()),
            Value::Record(id) => {
                Err(Error::invalid("id", "RECORD_KEY", format!("{} is a record of another table than `{table}`", id.plain())))
            }
            value => RecordKey::from_value(value),
        },
        Json::Null | Json::Bool(_) | Json::Float(_) => {
            let message = format!(
                "an id is a key (a whole number, a string, an array, an object or {{\"$uuid\":\"…\"}}) or a full id such as \"{table}:my-key\""
            );
            Err(Error::invalid("id", "TYPE", message))
        }
    }
}

fn fields(entries: Vec<(String, Json)>) -> Result<Object> {
    let mut fields = Object::new();
    for (name, json) in entries {
        FieldName::parse(&name)?;
        let value = json::to_value(json, &name, parse_record_id)?;
        if !value.is_none() {
            fields.insert(name, value);
        }
    }
    Ok(fields)
}
