use crate::{Object, Result, TableName, Uuid, Value};

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
