mod composite;
mod state;
mod text;

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use crate::{Error, Object, Result, TableName, Timestamp, Uuid, Value};

pub use state::{Record, Shadowed};
pub(crate) use text::string_key_problem;

/// Of a generated key: digits of the time, then random digits.
const TIME_DIGITS: usize = 10;
const RANDOM_DIGITS: usize = 10;

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

    /// `table:key` as ids stand in answers. The key is read as in a path, and `table:⟨…⟩` holds text with `\⟩` and `\\` escaped.
    /// Array and object keys are literals of the language, which its own parser reads (`ddb_darshjql::parse_record_id`); here they are
    /// refused. 400 where the text is no record id.
    pub fn parse(text: &str) -> Result<Self> {
        text::parse_id(text)
    }
}

impl RecordKey {
    /// A new key: 20 characters of a-z0-9, of which the first 10 are `now` in milliseconds (base 36), so that keys sort by
    /// the time they were made. The rest is random; its last character is always a letter, so that no key reads as a number.
    pub fn generate(now: Timestamp) -> Self {
        let milliseconds = u128::from(now.0.max(0).unsigned_abs() / 1000);
        let random: u128 = rand::random();
        let mut key = String::with_capacity(TIME_DIGITS + RANDOM_DIGITS);
        push_base36(&mut key, milliseconds, TIME_DIGITS);
        push_base36(&mut key, random / 26, RANDOM_DIGITS - 1);
        key.push(char::from(b'a' + (random % 26) as u8));
        Self::String(key)
    }

    /// A key as it stands in a path, already percent-decoded: digits are an int key, `'…'` forces a string, `u'…'` is a uuid,
    /// anything else a string taken literally. 400 for text that is no key, and for array and object keys, which
    /// `ddb_darshjql::parse_record_key` reads.
    pub fn parse_path(text: &str) -> Result<Self> {
        text::parse_path(text)
    }

    /// The key that a value of the language names: an int, a string taken literally, a uuid, an array or an object; 422 where no record can
    /// have it ([`RecordKey::check_storable`]).
    ///
    /// Numbers in arrays and objects get the one form that stands in keys, so that keys that are equal are the same: an int where one equals
    /// it, else a float, else a decimal without trailing zeros.
    pub fn from_value(value: Value) -> Result<Self> {
        let key = composite::normal_key(Self::of_kind(value)?);
        key.check_storable()?;
        Ok(key)
    }

    /// [`RecordKey::from_value`] for a bound between keys, which no record need have: it may hold NONE, the least of all values.
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
            other => Err(Error::invalid("id", "RECORD_KEY", format!("a value of kind {} is no record key", other.kind_name()))),
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

/// The last `digits` base-36 digits of `number`, zeros first.
fn push_base36(out: &mut String, number: u128, digits: usize) {
    let mut rest = number;
    let mut reversed = [0u8; TIME_DIGITS + RANDOM_DIGITS];
    for digit in &mut reversed[..digits] {
        *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % 36) as usize];
        rest /= 36;
    }
    out.extend(reversed[..digits].iter().rev().map(|digit| char::from(*digit)));
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
