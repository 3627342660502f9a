//! Queries over several tables, and several writes in one transaction.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::Warning;
use crate::data::{Record, RecordKey, TableName};

/// Queries by table name.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(example = json!({"tasks": {
    "$where": {"status": "active", "priority": {"$gte": 1}},
    "$order": {"created": "desc"},
    "$limit": 20,
    "$fields": ["title", "status"],
}}))]
pub struct Query(pub BTreeMap<TableName, BTreeMap<String, Value>>);

/// The records by table. Nested keys hold the linked records.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"data": {"tasks": [{"id": "tasks:1", "title": "Ship v1", "status": "active"}]}, "next_cursors": {}, "tx": 42}))]
pub struct QueryAnswer {
    pub data: BTreeMap<String, Vec<Record>>,
    /// The `$cursor` of the next page, by table, where there is one.
    pub next_cursors: BTreeMap<String, String>,
    /// What the caller probably wants to know; absent where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1)]
    pub warnings: Option<Vec<crate::Warning>>,
    #[schema(minimum = 0)]
    pub tx: i64,
}

/// Ops of one transaction: the server applies all of them or none.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ops": [
    {"op": "create", "table": "tasks", "data": {"title": "Write the notes"}},
    {"op": "upsert", "table": "counters", "id": "tasks", "data": {"count": 1}},
]}))]
pub struct Mutation {
    #[schema(max_items = 10_000)]
    pub ops: Vec<Op>,
}

/// A write of one record.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Op {
    /// Creates a record; 409 if the key is taken.
    Create(CreateOp),
    /// Creates the record if it does not exist, else merges.
    Upsert(UpsertOp),
    /// Replaces all fields.
    Update(ChangeOp),
    /// Merges, as PATCH does.
    Merge(ChangeOp),
    Delete(DeleteOp),
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct CreateOp {
    pub table: TableName,
    #[schema(value_type = Option<RecordKey>, nullable = false)]
    pub id: Option<Value>,
    #[schema(nullable = false)]
    pub data: Option<BTreeMap<String, Value>>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct UpsertOp {
    pub table: TableName,
    #[schema(value_type = Option<RecordKey>, nullable = false)]
    pub id: Option<Value>,
    #[schema(nullable = false)]
    pub data: Option<BTreeMap<String, Value>>,
    /// 412 unless the record's last change is this transaction.
    #[schema(nullable = false, minimum = 1)]
    pub if_tx: Option<i64>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ChangeOp {
    pub table: TableName,
    #[schema(value_type = RecordKey)]
    pub id: Value,
    pub data: BTreeMap<String, Value>,
    /// 412 unless the record's last change is this transaction.
    #[schema(nullable = false, minimum = 1)]
    pub if_tx: Option<i64>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct DeleteOp {
    pub table: TableName,
    #[schema(value_type = RecordKey)]
    pub id: Value,
    /// 412 unless the record's last change is this transaction.
    #[schema(nullable = false, minimum = 1)]
    pub if_tx: Option<i64>,
}

/// The record after each op; null after a delete.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Mutated {
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
    pub results: Vec<Option<Record>>,
    /// What is worth knowing of it; absent where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub warnings: Option<Vec<Warning>>,
}

/// Mutations and queries in one request.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ops": [
    {"id": "write", "type": "mutate", "ops": [{"op": "create", "table": "tasks", "data": {"title": "Write the notes"}}]},
    {"id": "read", "type": "query", "query": {"tasks": {"$limit": 10}}},
]}))]
pub struct Batch {
    /// Each op has its own id. At most 16 ops are queries.
    #[schema(max_items = 100)]
    pub ops: Vec<BatchOp>,
    /// True: the mutations, which come first, are one transaction, and all queries see the state after it.
    #[schema(nullable = false, default = true)]
    pub atomic: Option<bool>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum BatchOp {
    Mutate(BatchMutation),
    Query(BatchQuery),
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct BatchMutation {
    /// A name that the caller chooses; the result has the same.
    #[schema(min_length = 1, max_length = 128)]
    pub id: String,
    pub ops: Vec<Op>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct BatchQuery {
    /// A name that the caller chooses; the result has the same.
    #[schema(min_length = 1, max_length = 128)]
    pub id: String,
    pub query: Query,
}

/// The results in the order of the ops. `tx` is the transaction that was made, or else the newest that was read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BatchAnswer {
    pub results: Vec<BatchResult>,
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
}

/// The answer to an op: `data` or `error`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "write", "status": 200, "data": {"tx": 42, "results": [{
    "id": "tasks:1",
    "title": "Write the notes",
    "_owner": "user:b0cd2a4f7e11",
    "created": "2026-11-22T10:00:00.000000Z",
    "updated": "2026-11-22T10:00:00.000000Z",
}]}}))]
pub struct BatchResult {
    pub id: String,
    #[schema(minimum = 200, maximum = 599)]
    pub status: u16,
    /// The answer of `/api/mutate` or `/api/query`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub data: Option<BatchData>,
    /// The error, as in the envelope of errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub error: Option<Value>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum BatchData {
    Mutated(Mutated),
    Found(QueryAnswer),
}
