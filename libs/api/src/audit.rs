//! The log of transactions: which account did what, and the proofs.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::data::{Action, TableName};
use crate::schema::Progress;

/// Which changes to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActivityParameters {
    /// Changes by this account: `user:…`, or the key alone
    #[param(nullable = false, min_length = 1)]
    pub user: Option<String>,
    /// Changes of this table
    #[param(nullable = false, example = "tasks")]
    pub table: Option<TableName>,
    /// Changes of the record with this key; needs `table`
    #[param(nullable = false, min_length = 1, example = "1")]
    pub key: Option<String>,
}

/// Which transaction to prove.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProofParameters {
    /// The transaction; the default is the newest one that changed the record
    #[param(nullable = false, minimum = 1)]
    pub tx: Option<i64>,
    /// For admins: adds the links to this later transaction, at most 1,000
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
    /// The account; null: the server.
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

/// The newest transaction. A copy of its hash elsewhere tells whether somebody cut or rewrote the log.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Head {
    #[schema(example = "3b1f1d0e-6b6c-4a7e-9d1e-0a8f5a1f6c11")]
    pub namespace: String,
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
    /// RFC 3339; null before the first transaction.
    #[schema(required, example = "2026-11-22T10:00:00.000000Z")]
    pub time: Option<String>,
    /// SHA-512, in hexadecimal digits.
    #[schema(
        pattern = "^[0-9a-f]{128}$",
        example = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
    )]
    pub hash: String,
}

/// A transaction: the hashes of all its facts, and the facts that the caller may read.
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

/// A value that a transaction gave to a field or took from it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Fact {
    /// The position among the leaves.
    pub position: i32,
    pub id: String,
    pub field: String,
    pub action: FactAction,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// True: the value was removed from the log. Its commitment is still in the chain.
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

/// What a transaction wrote to a record. `ddb verify --proof FILE` checks it without the server. Hashes and salts are hexadecimal digits.
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
    /// The later transactions, up to the head.
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
    /// The value in canonical bytes.
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

/// Which transactions to verify; the default is all.
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

/// A job that has begun. `GET /api/jobs/{job}` shows its progress.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Begun {
    #[schema(minimum = 1, example = 7)]
    pub job: i64,
}

/// A job in the background.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Job {
    #[schema(minimum = 1, example = 7)]
    pub id: i64,
    pub progress: Progress,
    #[schema(example = "verify")]
    pub kind: String,
    pub state: JobState,
    /// Why the job failed.
    #[schema(required, example = json!(null))]
    pub problem: Option<String>,
    /// RFC 3339.
    #[schema(example = "2026-11-22T10:00:00.000000Z")]
    pub created: String,
    /// RFC 3339; null before the end.
    #[schema(required, example = json!(null))]
    pub finished: Option<String>,
    /// The result. After verifying: whether the log is `sound`, what was counted, and the `problems`.
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
