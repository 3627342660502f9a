//! The log of transactions: who did what, and what proves it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::data::{Action, TableName};
use crate::schema::Progress;

/// Whose activity is asked for, or that about what.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActivityParameters {
    /// Who did it: `user:…`, or the key
    #[param(nullable = false, min_length = 1)]
    pub user: Option<String>,
    /// Of this table
    #[param(nullable = false, example = "tasks")]
    pub table: Option<TableName>,
    /// Of this record; needs `table`
    #[param(nullable = false, min_length = 1, example = "1")]
    pub key: Option<String>,
}

/// Which transaction is proved, and up to where.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProofParameters {
    /// The transaction; the newest that says something of the record without it
    #[param(nullable = false, minimum = 1)]
    pub tx: Option<i64>,
    /// For admins: adds the links up to this later transaction, 1,000 at most
    #[param(nullable = false, minimum = 1)]
    pub to: Option<i64>,
}

/// What a transaction did to one record.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Activity {
    #[schema(minimum = 1, example = 42)]
    pub tx: i64,
    /// RFC 3339.
    #[schema(example = "2026-11-22T10:00:00.000000Z")]
    pub time: String,
    /// The account's record; null for the system.
    #[schema(required, example = "user:b0cd2a4f7e11")]
    pub actor: Option<String>,
    #[schema(required, example = "7d1c0a94c1f24f0f")]
    pub request_id: Option<String>,
    #[schema(example = "tasks:1")]
    pub id: String,
    #[schema(example = "tasks")]
    pub table: String,
    #[schema(example = 1)]
    pub key: Value,
    pub action: Action,
}

/// The newest transaction. Noted elsewhere, its hash tells whether the log was cut or rewritten since.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Head {
    #[schema(example = "3b1f1d0e-6b6c-4a7e-9d1e-0a8f5a1f6c11")]
    pub namespace: String,
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
    /// RFC 3339; null where there is no transaction yet.
    #[schema(required, example = "2026-11-22T10:00:00.000000Z")]
    pub time: Option<String>,
    /// SHA-512 in hexadecimal digits.
    #[schema(
        pattern = "^[0-9a-f]{128}$",
        example = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
    )]
    pub hash: String,
}

/// A transaction: the hashes of all its facts, and those facts that the caller may read.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "tx": 42,
    "time": "2026-11-22T10:00:00.000000Z",
    "actor": "user:b0cd2a4f7e11",
    "request_id": "7d1c0a94c1f24f0f",
    "namespace": "3b1f1d0e-6b6c-4a7e-9d1e-0a8f5a1f6c11",
    "previous": "c0ffee",
    "actor_name": "c0ffee",
    "root": "c0ffee",
    "hash": "c0ffee",
    "leaf_count": 1,
    "leaves": ["c0ffee"],
    "facts": [{"position": 0, "id": "tasks:1", "field": "status", "action": "assert", "value": "done"}],
}))]
pub struct Transaction {
    pub tx: i64,
    pub time: String,
    #[schema(required)]
    pub actor: Option<String>,
    #[schema(required)]
    pub request_id: Option<String>,
    pub namespace: String,
    pub previous: String,
    pub actor_name: String,
    pub root: String,
    pub hash: String,
    pub leaf_count: i64,
    pub leaves: Vec<String>,
    pub facts: Vec<Fact>,
}

/// One value that a transaction gave to a field, or took from it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Fact {
    /// Among the leaves.
    pub position: i32,
    pub id: String,
    pub field: String,
    pub action: FactAction,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The value was removed; its commitment is still in the chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pruned: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FactAction {
    Assert,
    Retract,
}

/// What a transaction said of a record, to be checked without the server: `ddb verify --proof FILE`. Hashes and salts are hexadecimal digits.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "format": "ddb-proof-1",
    "record": "tasks:1",
    "entity": {"name": "c0ffee", "salt": "c0ffee"},
    "actor": null,
    "transaction": {
        "version": 1, "tx": 42, "time": 1_795_341_600_000_000_i64, "actor": "c0ffee", "leaf_count": 1, "root": "c0ffee",
        "namespace": "3b1f1d0e-6b6c-4a7e-9d1e-0a8f5a1f6c11", "previous": "c0ffee", "hash": "c0ffee",
    },
    "facts": [{"position": 0, "table": "tasks", "field": "status", "field_salt": "c0ffee", "asserted": true, "path": [], "value": "c0ffee", "salt": "c0ffee"}],
    "links": [],
    "head": {"tx": 42, "hash": "c0ffee"},
}))]
pub struct Proof {
    pub format: String,
    pub record: String,
    pub entity: ProvenName,
    #[schema(required)]
    pub actor: Option<ProvenActor>,
    pub transaction: ProvenTransaction,
    pub facts: Vec<ProvenFact>,
    /// The transactions behind it, up to the head.
    pub links: Vec<ProofLink>,
    pub head: ProofHead,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProvenName {
    pub name: String,
    pub salt: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProvenActor {
    pub name: String,
    pub salt: String,
    pub record: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProvenTransaction {
    pub version: i64,
    pub tx: i64,
    /// Microseconds since 1970.
    pub time: i64,
    pub actor: String,
    pub leaf_count: i64,
    pub root: String,
    pub namespace: String,
    pub previous: String,
    pub hash: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProofLink {
    pub version: i64,
    pub tx: i64,
    /// Microseconds since 1970.
    pub time: i64,
    pub actor: String,
    pub leaf_count: i64,
    pub root: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProvenFact {
    pub position: i64,
    pub table: String,
    pub field: String,
    pub field_salt: String,
    pub asserted: bool,
    pub path: Vec<String>,
    /// Canonical bytes of what was asserted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub salt: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProofHead {
    pub tx: i64,
    pub hash: String,
}

/// Which transactions are verified: all of them where nothing is said.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": 1}))]
pub struct Verification {
    #[schema(minimum = 1)]
    pub from: Option<i64>,
    #[schema(minimum = 1)]
    pub to: Option<i64>,
    /// A hash that the chain must contain.
    #[schema(pattern = "^[0-9a-fA-F]{128}$")]
    pub expect_head: Option<String>,
}

/// Work that was begun in the background: `GET /api/jobs/{job}` tells how far it is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Begun {
    #[schema(minimum = 1, example = 7)]
    pub job: i64,
}

/// Work in the background.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Job {
    #[schema(minimum = 1, example = 7)]
    pub id: i64,
    pub progress: Progress,
    #[schema(example = "verify")]
    pub kind: String,
    pub state: JobState,
    /// Why it failed.
    #[schema(required, example = json!(null))]
    pub problem: Option<String>,
    /// RFC 3339.
    #[schema(example = "2026-11-22T10:00:00.000000Z")]
    pub created: String,
    /// RFC 3339; null before its end.
    #[schema(required, example = json!(null))]
    pub finished: Option<String>,
    /// What came out of it; of verifying: whether the log is `sound`, what was counted, and the `problems`.
    #[schema(required, value_type = Option<Object>, example = json!(null))]
    pub result: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(example = "done")]
pub enum JobState {
    Queued,
    Running,
    Done,
    Failed,
}
