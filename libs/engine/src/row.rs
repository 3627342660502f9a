use std::borrow::Cow;

use ddb_core::{Datetime, Object, Record, RecordId, RecordKey, TableName, Timestamp, Tx, Value};

/// What an expression sees of a record: its fields, and the values that it has from the system, by name.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub id: &'a RecordId,
    pub fields: &'a Object,
    pub owner: Option<&'a RecordKey>,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// The transaction of the last change.
    pub tx: Tx,
    pub expires: Option<Timestamp>,
}

impl<'a> From<&'a Record> for Row<'a> {
    fn from(record: &'a Record) -> Self {
        let Record { id, fields, owner, created, updated, tx, expires } = record;
        Self { id, fields, owner: owner.as_ref(), created: *created, updated: *updated, tx: *tx, expires: *expires }
    }
}

impl<'a> Row<'a> {
    /// What the name means in this record; NONE where it has nothing of that name.
    pub fn get(&self, name: &str) -> Cow<'a, Value> {
        match name {
            "id" => Cow::Owned(self.id.clone().into()),
            "_owner" => Cow::Owned(self.owner()),
            "_tx" => Cow::Owned(Value::Int(self.tx.0)),
            "_expires" => Cow::Owned(self.expires.map_or(Value::None, time)),
            // A field of the record's own comes before the system's value.
            field => match (self.fields.get(field), field) {
                (Some(value), _) => Cow::Borrowed(value),
                (None, "created") => Cow::Owned(time(self.created)),
                (None, "updated") => Cow::Owned(time(self.updated)),
                (None, _) => Cow::Owned(Value::None),
            },
        }
    }

    /// The record of the account that owns it; NONE where the system made it.
    pub(crate) fn owner(&self) -> Value {
        self.owner.map_or(Value::None, |key| RecordId::new(TableName::user(), key.clone()).into())
    }

    /// The record as `*` gives it: its id and its fields.
    pub(crate) fn to_object(self) -> Object {
        let mut object = self.fields.clone();
        object.insert("id".to_owned(), self.id.clone().into());
        object
    }
}

pub(crate) fn time(timestamp: Timestamp) -> Value {
    Value::Datetime(Datetime::from_timestamp(timestamp))
}
