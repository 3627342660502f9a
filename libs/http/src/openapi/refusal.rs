//! The answers of errors. A handler names those of its own in `responses(…)`; the ones that every route has are added to all.

use std::collections::BTreeMap;

use ddb_core::ErrorCode;
use serde_json::{Value, json};
use utoipa::IntoResponses;
use utoipa::openapi::{Ref, RefOr, Response};

/// An error answer that operations refer to.
pub(super) struct Refusal {
    pub(super) name: &'static str,
    /// All of one status.
    codes: &'static [ErrorCode],
    description: &'static str,
}

macro_rules! refusals {
    ($($name:ident: $codes:expr, $description:literal;)*) => {
        $(
            #[doc = $description]
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    let codes: &[ErrorCode] = &$codes;
                    let answer = Ref::from_response_name(stringify!($name));
                    BTreeMap::from([(codes[0].http_status().to_string(), RefOr::Ref(answer))])
                }
            }
        )*

        pub(super) const ALL: &[Refusal] =
            &[$(Refusal { name: stringify!($name), codes: &$codes, description: $description }),*];
    };
}

refusals! {
    BadRequest: [ErrorCode::BadRequest], "The server does not understand, or does not know, a parameter, a header or the syntax of the body.";
    RefusedQuery: [ErrorCode::BadRequest, ErrorCode::InvalidQuery, ErrorCode::QueryLimit], "The server does not understand a parameter, a header, the syntax of the body or the query; or the query takes more than a request may.";
    Unauthenticated: [ErrorCode::Unauthenticated], "The caller must sign in, or the token is not valid.";
    WrongCredentials: [ErrorCode::Unauthenticated], "The credentials are wrong or have expired.";
    Forbidden: [ErrorCode::PermissionDenied], "The caller may not do this.";
    QuotaExceeded: [ErrorCode::PermissionDenied, ErrorCode::QuotaExceeded], "A quota is used up, or the caller may not write this.";
    NamespaceNotFound: [ErrorCode::NamespaceNotFound], "The namespace does not exist.";
    NotFound: [ErrorCode::NotFound, ErrorCode::NamespaceNotFound], "It does not exist, or the caller may not know that it does.";
    NotAcceptable: [ErrorCode::NotAcceptable], "`Accept` names no form that the server has.";
    RequestTimeout: [ErrorCode::RequestTimeout], "The body did not arrive in time.";
    Conflict: [ErrorCode::Conflict], "A key or a unique value is taken, or the present state does not allow the request.";
    HistoryPruned: [ErrorCode::HistoryPruned], "The log does not keep that past any more.";
    VersionMismatch: [ErrorCode::VersionMismatch], "Another transaction made the last change of the record.";
    PayloadTooLarge: [ErrorCode::PayloadTooLarge], "The body or the record is too large.";
    UnsupportedMediaType: [ErrorCode::UnsupportedMediaType], "The body is not `application/json`, or is compressed.";
    ValidationFailed: [ErrorCode::ValidationFailed], "The server understands the request, but cannot carry it out: `details` says what is wrong, and where.";
    RateLimited: [ErrorCode::RateLimited], "Too many requests or attempts: `Retry-After` says how long to wait.";
    HeadersTooLarge: [ErrorCode::HeadersTooLarge], "The request has more than 64 headers, or more than 16 KB of headers.";
    Internal: [ErrorCode::Internal], "A fault of the server. Its log has the id of the request.";
    Unavailable: [ErrorCode::Unavailable], "PostgreSQL does not answer, the server is full, or the state that `X-DDB-Min-Tx` names does not exist yet. Send the request again.";
}

impl Refusal {
    pub(super) fn status(&self) -> u16 {
        self.codes[0].http_status()
    }

    /// The answer, without the headers that every answer has.
    pub(super) fn answer(&self) -> Value {
        let codes: Vec<&str> = self.codes.iter().map(|code| code.as_str()).collect();
        let example = json!({"error": {
            "code": codes[0],
            "message": self.description,
            "status": self.status(),
            "request_id": "7d1c0a94c1f24f0f",
            "details": [],
        }});
        let schema = json!({
            "allOf": [{"$ref": "#/components/schemas/Error"}],
            "properties": {"error": {"properties": {"code": {"enum": codes}, "status": {"const": self.status()}}}},
        });
        json!({
            "description": format!("`{}`: {}", codes.join("`, `"), self.description),
            "content": {"application/json": {"schema": schema, "example": example}},
        })
    }

    /// Whether a client is told when to come back.
    pub(super) fn has_retry_after(&self) -> bool {
        self.codes.iter().any(|code| matches!(code, ErrorCode::RateLimited | ErrorCode::Unavailable))
    }
}

/// The body that every error has.
pub(super) fn envelope() -> Value {
    let detail = json!({
        "type": "object",
        "required": ["field", "code", "message"],
        "properties": {
            "field": {"type": "string", "description": "The place of the mistake: `email`, `ops[3].data.price`"},
            "code": {"type": "string"},
            "message": {"type": "string"},
        },
    });
    let error = json!({
        "type": "object",
        "required": ["code", "message", "status", "request_id", "details"],
        "properties": {
            "code": {"type": "string", "description": "Stable: programs match the code, never the message"},
            "message": {"type": "string"},
            "status": {"type": "integer"},
            "request_id": {"type": "string", "description": "The same as in the header `X-Request-Id`"},
            "line": {"type": "integer", "description": "The line of the query, from 1"},
            "column": {"type": "integer", "description": "The column in characters, from 1"},
            "excerpt": {"type": "string", "description": "The query around the mistake"},
            "details": {"type": "array", "items": detail},
        },
    });
    json!({
        "type": "object",
        "description": "The body of every answer with a status of 400 or above.",
        "required": ["error"],
        "properties": {"error": error},
    })
}
