use crate::{Object, Result, TableName, Timestamp, Uuid, Value};

/// A record's name: `table:key`.
#[derive(Debug, Clone)]
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

impl Ord for RecordKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let _ = other;
        todo!()
    }
}

impl PartialOrd for RecordKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for RecordKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for RecordKey {}

impl RecordKey {
    /// A new key: 20 characters of a-z0-9, of which the first 10 are `now` in milliseconds (base 36), so that keys sort by
    /// the time they were made; it always contains a letter. The rest is random.
    pub fn generate(now: Timestamp) -> Self {
        let _ = now;
        todo!()
    }

    /// A key as it stands in a path, already percent-decoded: digits are an int key, `'…'` forces a string, `u'…'` is a uuid,
    /// anything else a string taken literally.
    pub fn parse_path(text: &str) -> Result<Self> {
        let _ = text;
        todo!()
    }
}

/// `table:key`, as ids stand in answers; `RecordId::parse` reads it back.
impl std::fmt::Display for RecordId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let _ = f;
        todo!()
    }
}

impl RecordId {
    pub fn parse(text: &str) -> Result<Self> {
        let _ = text;
        todo!()
    }
}
