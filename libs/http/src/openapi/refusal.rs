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
    BadRequest: [ErrorCode::BadRequest], "A parameter, a header or the syntax of the body is not understood, or not known to this version.";
    RefusedQuery: [ErrorCode::BadRequest, ErrorCode::InvalidQuery, ErrorCode::QueryLimit], "A parameter, a header, the syntax of the body or the query is not understood, or the query takes more than a request may.";
    Unauthenticated: [ErrorCode::Unauthenticated], "This needs a caller who is signed in, or the token is not valid.";
    WrongCredentials: [ErrorCode::Unauthenticated], "The credentials are not right, or have ended.";
    Forbidden: [ErrorCode::PermissionDenied], "The caller's role does not allow this.";
    QuotaExceeded: [ErrorCode::PermissionDenied, ErrorCode::QuotaExceeded], "There is no room left for it, or it is not the caller's to write.";
    NamespaceNotFound: [ErrorCode::NamespaceNotFound], "There is no such namespace.";
    NotFound: [ErrorCode::NotFound, ErrorCode::NamespaceNotFound], "There is no such thing for the caller.";
    NotAcceptable: [ErrorCode::NotAcceptable], "`Accept` takes none of the forms that there are.";
    RequestTimeout: [ErrorCode::RequestTimeout], "The body did not arrive in time.";
    Conflict: [ErrorCode::Conflict], "What is there stands against it: a key or a value that is taken, or a state that does not allow it.";
    HistoryPruned: [ErrorCode::HistoryPruned], "What was written then was removed from the log.";
    VersionMismatch: [ErrorCode::VersionMismatch], "The record's last change is another transaction.";
    PayloadTooLarge: [ErrorCode::PayloadTooLarge], "The body, or what it would make, is too large.";
    UnsupportedMediaType: [ErrorCode::UnsupportedMediaType], "The body is not `application/json`, or is compressed.";
    ValidationFailed: [ErrorCode::ValidationFailed], "The request was parsed, but cannot be carried out: `details` says what is wrong, and where.";
    RateLimited: [ErrorCode::RateLimited], "Too many requests or attempts: `Retry-After` says when to come back.";
    HeadersTooLarge: [ErrorCode::HeadersTooLarge], "More than 64 headers, or more than 16 KB of them.";
    Internal: [ErrorCode::Internal], "An error of the server, told in its log under the request's id.";
    Unavailable: [ErrorCode::Unavailable], "Something that the server needs does not answer at the moment, or the state that `X-DDB-Min-Tx` names is not there yet.";
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
            "field": {"type": "string", "description": "Where it stands: `email`, `ops[3].data.price`"},
            "code": {"type": "string"},
            "message": {"type": "string"},
        },
    });
    let error = json!({
        "type": "object",
        "required": ["code", "message", "status", "request_id", "details"],
        "properties": {
            "code": {"type": "string", "description": "Stable: programs match this, never the message"},
            "message": {"type": "string"},
            "status": {"type": "integer"},
            "request_id": {"type": "string", "description": "That of the header `X-Request-Id`"},
            "line": {"type": "integer", "description": "Of a query, from 1"},
            "column": {"type": "integer", "description": "In characters, from 1"},
            "excerpt": {"type": "string", "description": "A part of the query around the place"},
            "details": {"type": "array", "items": detail},
        },
    });
    json!({
        "type": "object",
        "description": "What every answer with a status of 400 or above holds.",
        "required": ["error"],
        "properties": {"error": error},
    })
}
