mod composite;
mod generated;
mod state;
mod text;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use crate::{Error, Object, Result, TableName, Uuid, Value};

pub use generated::GeneratedKeys;
pub use state::Record;
pub(crate) use text::string_key_problem;

/// A record's name: `table:key`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId {
    pub table: TableName,
    pub key: RecordKey,
}

/// A record's key within its table. Order: ints < strings < uuids < arrays < objects.
#[derive(Debug, Clone)]
pub enum RecordKey {
    Int(i64),
    /// 1 to 512 bytes.
    String(String),
    Uuid(Uuid),
    Array(Vec<Value>),
    Object(Object),
}

impl RecordId {
    pub fn new(table: TableName, key: RecordKey) -> Self {
        Self { table, key }
    }

    /// Reads `table:key`, plain or literal: the key as [`RecordKey::parse`] reads it. 400 where the text is no record id. Array and object keys are
    /// refused here: `ddb_darshjql::parse_record_id` reads them, too.
    pub fn parse(text: &str) -> Result<Self> {
        text::parse_id(text)
    }

    /// The text of JSON answers, paths, `$record`, messages and logs. A string key stands bare where a path reads it as the same key and it is
    /// not `.` or `..` and does not begin with `⟨`, `'` or its own table and a colon; else as `'…'`: `post:my-post`, `post:7` (an int),
    /// `post:'7'` (a string). Other keys stand as in [`RecordId::literal`].
    pub fn plain(&self) -> impl fmt::Display {
        text::PlainId(self)
    }

    /// The text that the language reads and prints, and that documents store: `post:⟨my-post⟩`.
    pub fn literal(&self) -> impl fmt::Display {
        text::LiteralId(self)
    }
}

impl RecordKey {
    /// A key as it stands in a path, already percent-decoded, and behind the table of an id: digits are an int, `'…'` and `⟨…⟩` a string,
    /// `u'…'` is a uuid, anything else a string taken literally. 400 for text that is no key, and for array and object keys, which
    /// `ddb_darshjql::parse_record_key` reads, too.
    pub fn parse(text: &str) -> Result<Self> {
        text::parse_key(text)
    }

    /// The text that the language reads and prints behind `table:`.
    pub fn literal(&self) -> impl fmt::Display {
        text::LiteralKey(self)
    }

    /// The key that a value of the language names: an int, a string taken literally, a uuid, an array or an object; 422 where no record can
    /// have this key ([`RecordKey::check_storable`]).
    ///
    /// Numbers in arrays and objects get the one form that stands in keys, so that keys that are equal are the same: an int where one equals
    /// it, else a float, else a decimal without trailing zeros.
    pub fn from_value(value: Value) -> Result<Self> {
        let key = composite::normal_key(Self::of_kind(value)?);
        key.check_storable()?;
        Ok(key)
    }

    /// [`RecordKey::from_value`] for a bound of a range of keys. A bound need not be the key of a record: it may hold NONE, the least of all values.
    pub fn bound_from_value(value: Value) -> Result<Self> {
        value.check_storable("")?;
        Self::of_kind(value)
    }

    pub(crate) fn of_kind(value: Value) -> Result<Self> {
        match value {
            Value::Int(int) => Ok(Self::Int(int)),
            Value::String(text) => Ok(Self::String(text)),
            Value::Uuid(uuid) => Ok(Self::Uuid(uuid)),
            Value::Array(items) => Ok(Self::Array(items)),
            Value::Object(object) => Ok(Self::Object(object)),
            other => {
                Err(Error::invalid("id", "RECORD_KEY", format!("a value of kind {} cannot be a record key", other.kind_name())))
            }
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Int(_) => 0,
            Self::String(_) => 1,
            Self::Uuid(_) => 2,
            Self::Array(_) => 3,
            Self::Object(_) => 4,
        }
    }
}

impl Ord for RecordKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::Uuid(a), Self::Uuid(b)) => a.cmp(b),
            (Self::Array(a), Self::Array(b)) => a.cmp(b),
            (Self::Object(a), Self::Object(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

impl PartialOrd for RecordKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for RecordKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for RecordKey {}

impl Hash for RecordKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rank().hash(state);
        match self {
            Self::Int(int) => int.hash(state),
            Self::String(text) => text.hash(state),
            Self::Uuid(uuid) => uuid.hash(state),
            Self::Array(items) => items.hash(state),
            Self::Object(object) => object.hash(state),
        }
    }
}
