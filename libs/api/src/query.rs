//! Questions about several tables, and several writes at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::data::{Record, RecordKey, TableName};

/// Tables by name, each with what is asked of it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(example = json!({"tasks": {
    "$where": {"status": "active", "priority": {"$gte": 1}},
    "$order": {"created": "desc"},
    "$limit": 20,
    "$fields": ["title", "status"],
}}))]
pub struct Query(pub BTreeMap<TableName, BTreeMap<String, Value>>);

/// The records of each table; nested keys hold the records that they lead to.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"data": {"tasks": [{"id": "tasks:1", "title": "Ship v1", "status": "active"}]}, "next_cursors": {}, "tx": 42}))]
pub struct QueryAnswer {
    pub data: BTreeMap<String, Vec<Record>>,
    /// Of the tables that have more.
    pub next_cursors: BTreeMap<String, String>,
    #[schema(minimum = 0)]
    pub tx: i64,
}

/// Ops that happen together or not at all.
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

/// What is done to one record.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Op {
    /// Makes a record; 409 where the key is taken.
    Create(CreateOp),
    /// Makes the record where it is absent, and merges otherwise.
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

/// The record as each op left it; null for a delete.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Mutated {
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
    pub results: Vec<Option<Record>>,
}

/// Mutations and queries in one request.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ops": [
    {"id": "write", "type": "mutate", "ops": [{"op": "create", "table": "tasks", "data": {"title": "Write the notes"}}]},
    {"id": "read", "type": "query", "query": {"tasks": {"$limit": 10}}},
]}))]
pub struct Batch {
    /// Each with an id of its own; at most 16 queries.
    #[schema(max_items = 100)]
    pub ops: Vec<BatchOp>,
    /// Whether the mutations, which then stand first, are one transaction, and the queries see one state behind it. True where it is absent.
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
    /// What the caller calls it.
    #[schema(min_length = 1, max_length = 128)]
    pub id: String,
    pub ops: Vec<Op>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct BatchQuery {
    /// What the caller calls it.
    #[schema(min_length = 1, max_length = 128)]
    pub id: String,
    pub query: Query,
}

/// The results in the order of the ops, and the transaction made, or without one the newest whose state was read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BatchAnswer {
    pub results: Vec<BatchResult>,
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
}

/// What the op would have been answered alone: `data` or `error`.
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
    /// What `/api/mutate` or `/api/query` answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub data: Option<BatchData>,
    /// As it stands in an error's envelope.
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
