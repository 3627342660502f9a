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
            "description": "The key or the id of the record. Digits are an int key, anything else is a string key. `'…'` is a string, `u'…'` a uuid, `[…]` an array, \
                            `{…}` an object",
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
            "description": "The namespace; the default is `main`",
            "schema": name,
            "example": "main",
        },
        "Version": {
            "name": "X-DDB-Version",
            "in": "header",
            "description": "The dated version of the contract; the default is the newest",
            "schema": {"type": "string", "enum": [CONTRACT_VERSION]},
            "example": CONTRACT_VERSION,
        },
        "MinTx": {
            "name": "X-DDB-Min-Tx",
            "in": "header",
            "description": "The answer shows a state that includes this transaction. The server waits for it for at most 2 s, then answers 503",
            "schema": {"type": "integer", "format": "int64", "minimum": 0},
            "example": 0,
        },
        "RequestId": {
            "name": "X-Request-Id",
            "in": "header",
            "description": "An id for the request, for its answer and for the log. Without it, or if it is not `[A-Za-z0-9._-]{1,64}`, the server makes one",
            "schema": {"type": "string"},
            "example": "7d1c0a94c1f24f0f",
        },
        // These have no example: tools would send it along, and each request needs its own.
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "A key that the caller chooses. The server carries out a request once: the same request with the same key within 24 hours gets the first answer again",
            "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        },
        "IfMatch": {
            "name": "If-Match",
            "in": "header",
            "description": "The server writes only if this transaction made the last change of the record: `\"42\"`, in quotes, as in `ETag`",
            "schema": {"type": "string", "pattern": "^\"[1-9][0-9]{0,17}\"$"},
        },
        "CreateOnly": {
            "name": "If-None-Match",
            "in": "header",
            "description": "`*`: the server creates the record, and answers 409 if the key is taken",
            "schema": {"type": "string", "enum": ["*"]},
        },
    })
}

pub(super) fn headers() -> Value {
    json!({
        "Tx": {
            "required": true,
            "description": "The transaction whose state the answer shows, or which the request made",
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
            "description": "The id of the request; the log has the same",
            "schema": {"type": "string"},
            "example": "7d1c0a94c1f24f0f",
        },
        "RateLimit": {
            "required": true,
            "description": "How many requests of this class the caller may make at once; 5,000,000 if nothing limits the caller",
            "schema": {"type": "integer", "format": "int64", "minimum": 1},
            "example": 5000,
        },
        "RateLimitRemaining": {
            "required": true,
            "description": "How many of these requests are left",
            "schema": {"type": "integer", "format": "int64", "minimum": 0},
            "example": 4999,
        },
        "RateLimitReset": {
            "required": true,
            "description": "Seconds until all of these requests are possible again",
            "schema": {"type": "integer", "format": "int64", "minimum": 0},
            "example": 1,
        },
        "WwwAuthenticate": {
            "required": true,
            "description": "How a caller signs in: with a token in `Authorization`",
            "schema": {"type": "string", "const": "Bearer"},
            "example": "Bearer",
        },
        "RetryAfter": {
            "required": true,
            "description": "Seconds to wait before the next attempt",
            "schema": {"type": "integer", "minimum": 1},
            "example": 1,
        },
    })
}
