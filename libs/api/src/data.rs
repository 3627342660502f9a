//! Records in requests and answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// A record: `id`, its fields, and the system values `_owner`, `created` and `updated`. If the record has a field `created` or `updated` of its own, the
/// answer shows that field.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "tasks:1",
    "title": "Ship v1",
    "status": "active",
    "priority": 1,
    "_owner": "user:b0cd2a4f7e11",
    "created": "2026-11-22T10:00:00.000000Z",
    "updated": "2026-11-22T10:00:00.000000Z",
}))]
pub struct Record {
    /// `table:key`, as paths and bodies take it: `tasks:my-task`, `tasks:7` with an int as key, `tasks:'7'` with a string.
    #[schema(value_type = String)]
    pub id: Value,
    /// The account that created the record, `user:…`. Null: only admins may read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub _owner: Option<String>,
    /// RFC 3339, unless the record has a field of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub created: Option<Value>,
    /// RFC 3339, unless the record has a field of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub updated: Option<Value>,
    /// RFC 3339; absent if the record does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub _expires: Option<String>,
    /// The fields of the record.
    #[serde(flatten)]
    pub fields: BTreeMap<String, Value>,
}

/// A record, and what the caller probably wants to know.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RecordAnswer {
    pub data: Record,
    /// Absent where there is nothing to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1)]
    pub warnings: Option<Vec<crate::Warning>>,
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
}

/// Records that one request created.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RecordsAnswer {
    pub data: Vec<Record>,
    /// Absent where there is nothing to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1)]
    pub warnings: Option<Vec<crate::Warning>>,
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
}

/// A page of records.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RecordPage {
    pub data: Vec<Record>,
    /// The `cursor` of the next page; null on the last page.
    #[schema(required, example = json!(null))]
    pub next_cursor: Option<String>,
    /// With `count`: how many records all pages have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub total: Option<i64>,
    /// What the caller probably wants to know; absent where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1)]
    pub warnings: Option<Vec<crate::Warning>>,
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
}

/// Which records to list, and how to show them.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParameters {
    /// An expression of DarshJQL; the list has the records for which it is true
    #[param(nullable = false, min_length = 1, example = "status = $status AND priority >= 1")]
    pub r#where: Option<String>,
    /// A JSON object with the values of the variables in `where`
    #[param(nullable = false, example = "{\"status\":\"active\"}")]
    pub vars: Option<String>,
    /// Fields to sort by, with a minus for descending; the default is the key
    #[param(nullable = false, min_length = 1, example = "-priority,title")]
    pub order: Option<String>,
    /// Shows the id and these fields only; a path follows links (`project.name`)
    #[param(nullable = false, min_length = 1, example = "title,priority")]
    pub fields: Option<String>,
    /// Shows the linked records instead of these links
    #[param(nullable = false, min_length = 1, example = "project")]
    pub expand: Option<String>,
    /// Adds `total`, the number of records on all pages: `exact` or `estimate`
    #[param(nullable = false, pattern = "^(exact|estimate)$", example = "exact")]
    pub count: Option<String>,
}

/// Which state of a record to show, and which parts of it.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PointParameters {
    /// Shows the record as it was after a transaction (its number) or at a time (RFC 3339)
    #[param(nullable = false, min_length = 1, example = "42")]
    pub at: Option<String>,
    /// The id and these fields only, over links too; not beside `at`
    #[param(nullable = false, min_length = 1)]
    pub fields: Option<String>,
    /// Links that are replaced by the records that they lead to; not beside `at`
    #[param(nullable = false, min_length = 1)]
    pub expand: Option<String>,
}

/// The created record, or the array of created records.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(example = json!({"data": {
    "id": "tasks:1",
    "title": "Ship v1",
    "status": "active",
    "priority": 1,
    "_owner": "user:b0cd2a4f7e11",
    "created": "2026-11-22T10:00:00.000000Z",
    "updated": "2026-11-22T10:00:00.000000Z",
}, "tx": 42}))]
pub enum Created {
    One(RecordAnswer),
    Many(RecordsAnswer),
}

/// A record to create.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(example = json!({"title": "Ship v1", "status": "active", "priority": 1}))]
pub struct NewRecord {
    /// A key (a whole number, a string, an array, an object or `{"$uuid":"…"}`) or a full id of the table (`"tasks:my-task"`). Every other string is the
    /// key as it is. Without it the server makes a key; the keys of one request sort in its order.
    #[schema(value_type = Option<RecordKey>, nullable = false)]
    pub id: Option<Value>,
    /// The record expires after so many seconds.
    #[serde(rename = "$ttl")]
    #[schema(nullable = false, minimum = 1, maximum = 31_536_000_000_i64)]
    pub ttl: Option<i64>,
    /// The fields of the record. Kinds that JSON lacks have tags such as `{"$datetime":"…"}` and `{"$record":"project:1"}`.
    #[serde(flatten)]
    pub fields: BTreeMap<String, Value>,
}

/// The name of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, ToSchema)]
#[schema(pattern = "^[A-Za-z_][A-Za-z0-9_]{0,62}$", example = "tasks")]
pub struct TableName(pub String);

/// The key or the full id of a record in a body.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum RecordKey {
    Int(i64),
    /// A full id of the table, or a key of 1 to 512 bytes as it is.
    String(String),
    Array(Vec<Value>),
    /// Also `{"$uuid":"…"}`.
    Object(BTreeMap<String, Value>),
}

/// A record to create, or an array of at most 10,000. The server creates all of them or none.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(example = json!({"title": "Ship v1", "status": "active", "priority": 1}))]
pub enum NewRecords {
    One(NewRecord),
    Many(Vec<NewRecord>),
}

/// All fields of a record. `null` is stored as null. A body may repeat what a read showed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(example = json!({"title": "Ship v1", "status": "done", "priority": 1}))]
pub struct Replacement {
    /// The record expires after so many seconds. Without it, a body with `_expires` keeps the expiry, and any other ends it.
    #[serde(rename = "$ttl")]
    #[schema(minimum = 1, maximum = 31_536_000_000_i64)]
    pub ttl: Option<i64>,
    #[serde(flatten)]
    pub fields: BTreeMap<String, Value>,
}

/// Fields to change (RFC 7396). `null` removes a field, `{"$null":true}` stores null. `{"$inc":n}`, `{"$push":v}` and `{"$pull":v}` change the newest value atomically.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(example = json!({"status": "done", "priority": {"$inc": 1}}))]
pub struct Patch {
    /// The record expires after so many seconds from now; null: it does not expire.
    #[serde(rename = "$ttl")]
    #[schema(minimum = 1, maximum = 31_536_000_000_i64)]
    pub ttl: Option<i64>,
    #[serde(flatten)]
    pub fields: BTreeMap<String, Value>,
}

/// The transaction after which the record was as it shall be again.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    #[schema(minimum = 0, example = 41)]
    pub tx: i64,
}

/// What a transaction did to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Create,
    Update,
    Delete,
}

/// A page of a record's history.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Versions {
    pub data: Vec<Version>,
    /// The `cursor` of the next page; null on the last page.
    #[schema(required, example = json!(null))]
    pub next_cursor: Option<String>,
    /// The oldest transaction whose state is kept; absent if everything is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub horizon: Option<i64>,
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
}

/// One version of a record.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Version {
    #[schema(minimum = 1, example = 42)]
    pub tx: i64,
    /// RFC 3339.
    #[schema(example = "2026-11-22T10:00:00.000000Z")]
    pub time: String,
    /// The account; null: the server.
    #[schema(required, example = "user:b0cd2a4f7e11")]
    pub actor: Option<String>,
    #[schema(required, example = "7d1c0a94c1f24f0f")]
    pub request_id: Option<String>,
    pub action: Action,
    /// The changed fields, among them `_owner` and `_expires`.
    #[schema(example = json!({"status": {"before": "active", "after": "done"}}))]
    pub changes: BTreeMap<String, FieldChange>,
}

/// A field before and after. `before` or `after` is absent if the field did not exist.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}
