//! What operations refer to because it is the same for all: the parts of paths and the headers that this crate reads, and the headers of answers.

use serde_json::{Value, json};

use crate::CONTRACT_VERSION;

const NAME: &str = "^[A-Za-z_][A-Za-z0-9_]{0,62}$";

pub(super) fn parameters() -> Value {
    let name = json!({"type": "string", "pattern": NAME});
    let number = json!({"type": "integer", "format": "int64", "minimum": 1});
    json!({
        "Table": {
            "name": "table",
            "in": "path",
            "required": true,
            "description": "The name of a table",
            "schema": name,
            "example": "tasks",
        },
        "Key": {
            "name": "key",
            "in": "path",
            "required": true,
            "description": "Digits are an int key, anything else a string key; `'…'` forces a string; `u'…'`, `[…]` and `{…}` are a uuid, an array \
                            and an object",
            "schema": {"type": "string", "pattern": "^[^\\x00-\\x1f\\x7f-\\x9f]+$"},
            "example": "1",
        },
        "NamespaceOfPath": {
            "name": "namespace",
            "in": "path",
            "required": true,
            "description": "The name of a namespace",
            "schema": name,
            "example": "staging",
        },
        "Index": {
            "name": "name",
            "in": "path",
            "required": true,
            "description": "The name of an index",
            "schema": {"type": "string", "minLength": 1},
            "example": "by_status",
        },
        "Transaction": {
            "name": "tx",
            "in": "path",
            "required": true,
            "description": "The number of a transaction",
            "schema": number,
            "example": 42,
        },
        "Job": {
            "name": "job",
            "in": "path",
            "required": true,
            "description": "The number of a job",
            "schema": number,
            "example": 7,
        },
        "Namespace": {
            "name": "X-DDB-Namespace",
            "in": "header",
            "description": "The namespace; `main` without it",
            "schema": name,
            "example": "main",
        },
        "Version": {
            "name": "X-DDB-Version",
            "in": "header",
            "description": "The dated version of the contract; the newest without it",
            "schema": {"type": "string", "enum": [CONTRACT_VERSION]},
            "example": CONTRACT_VERSION,
        },
        "MinTx": {
            "name": "X-DDB-Min-Tx",
            "in": "header",
            "description": "Answer only from a state that includes this transaction; waits 2 s at most",
            "schema": {"type": "integer", "format": "int64", "minimum": 0},
            "example": 0,
        },
        "RequestId": {
            "name": "X-Request-Id",
            "in": "header",
            "description": "The request's id, taken where it has the form `[A-Za-z0-9._-]{1,64}`, and made otherwise",
            "schema": {"type": "string"},
            "example": "7d1c0a94c1f24f0f",
        },
        // These two have no example: tools would send it along, and each request needs its own.
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "The same request with the same key within 24 hours happens once, and is answered as the first time",
            "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        },
        "IfMatch": {
            "name": "If-Match",
            "in": "header",
            "description": "Write only if the record's last change is this transaction, in quotes: `\"42\"`",
            "schema": {"type": "string", "pattern": "^\"[1-9][0-9]{0,17}\"$"},
        },
    })
}

pub(super) fn headers() -> Value {
    json!({
        "Tx": {
            "required": true,
            "description": "The transaction whose state the answer shows, or which it made",
            "schema": {"type": "integer", "format": "int64", "minimum": 0},
            "example": 42,
        },
        "Version": {
            "required": true,
            "description": "The version of the contract",
            "schema": {"type": "string"},
            "example": CONTRACT_VERSION,
        },
        "RequestId": {
            "required": true,
            "description": "The request's id, in the log too",
            "schema": {"type": "string"},
            "example": "7d1c0a94c1f24f0f",
        },
        "RateLimit": {
            "required": true,
            "description": "How many requests of this kind the caller may make at once; 5,000,000 where nothing limits him",
            "schema": {"type": "integer", "format": "int64", "minimum": 1},
            "example": 5000,
        },
        "RateLimitRemaining": {
            "required": true,
            "description": "How many of these are left",
            "schema": {"type": "integer", "format": "int64", "minimum": 0},
            "example": 4999,
        },
        "RateLimitReset": {
            "required": true,
            "description": "Seconds until all of them are",
            "schema": {"type": "integer", "format": "int64", "minimum": 0},
            "example": 1,
        },
        "RetryAfter": {
            "required": true,
            "description": "Seconds until the next attempt",
            "schema": {"type": "integer", "minimum": 1},
            "example": 1,
        },
    })
}
