//! Makes the document of what stands on the handlers: adds the parameters, headers and errors that the outermost layer and the extractors of this crate
//! give every route.

use axum::http::Method;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use super::{refusal, shared};
use crate::{idempotency, precondition};

const TYPED: &str = "application/vnd.ddb.typed+json";
const DESCRIPTION: &str = "A self-hosted backend over PostgreSQL: accounts, permissions, records and their history.\n\n\
    Every answer names the transaction whose state it shows (`X-DDB-Tx`); every error has the same envelope, whose `code` is stable. A record that the \
    caller may not see does not exist for him: 404, and absent from lists. A parameter or an `X-DDB-*` header that this version does not know is 400, \
    never ignored. In bodies `1` is an int and `1.0` a float.";

/// The whole document.
pub(super) fn complete(described: &OpenApi) -> Value {
    let mut document = serde_json::to_value(described).expect("a description is JSON");
    document["info"] = json!({
        "title": "DarshJDB",
        "version": env!("CARGO_PKG_VERSION"),
        "description": DESCRIPTION,
        "license": {"name": "MIT", "identifier": "MIT"},
    });
    document["servers"] = json!([{"url": "http://localhost:7700", "description": "Where `ddb start` listens"}]);
    for (path, operations) in members(&mut document["paths"]) {
        for (method, operation) in members(operations) {
            let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).expect("a path item's keys are methods");
            complete_operation(&method, path, operation);
        }
    }
    let components = &mut document["components"];
    components["schemas"]["Error"] = refusal::envelope();
    components["responses"] = refusal::ALL.iter().map(|refusal| (refusal.name.to_owned(), shared_answer(refusal))).collect();
    components["parameters"] = shared::parameters();
    components["headers"] = shared::headers();
    components["securitySchemes"] = json!({"token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `access_token` of a sign-in. Where an operation takes none too, a caller without it is anonymous.",
    }});
    document
}

fn complete_operation(method: &Method, path: &str, operation: &mut Value) {
    let has_body = operation.get("requestBody").is_some();
    let takes_token = operation["security"].as_array().is_some_and(|ways| ways.iter().any(|way| way.get("token").is_some()));
    let is_repeatable = idempotency::is_taken(method, path);
    let is_conditional = precondition::takes_if_match(method, path);

    let of_path = path.split(['{', '}']).skip(1).step_by(2).filter_map(path_parameter);
    let mut of_headers = vec!["Namespace", "Version", "MinTx", "RequestId"];
    of_headers.extend(is_repeatable.then_some("IdempotencyKey"));
    of_headers.extend(is_conditional.then_some("IfMatch"));
    let mut parameters: Vec<Value> = of_path.map(|name| reference("parameters", name)).collect();
    parameters.extend(operation["parameters"].as_array_mut().map(std::mem::take).unwrap_or_default());
    parameters.extend(of_headers.into_iter().map(|name| reference("parameters", name)));
    operation["parameters"] = parameters.into();

    let responses = members(&mut operation["responses"]);
    let is_typed = responses.contains_key("406");
    for (_, answer) in responses.iter_mut().filter(|(_, answer)| answer.get("$ref").is_none()) {
        let headers = answer.as_object_mut().expect("an answer is an object").entry("headers").or_insert_with(|| json!({}));
        add_common_headers(headers);
        if is_typed && let Some(Value::Object(forms)) = answer.get_mut("content") {
            forms.insert(TYPED.to_owned(), typed_form());
        }
    }
    let mut refusals = vec!["BadRequest", "NamespaceNotFound", "RateLimited", "HeadersTooLarge", "Internal", "Unavailable"];
    if takes_token {
        refusals.push("Unauthenticated");
    }
    if has_body {
        refusals.extend(["RequestTimeout", "PayloadTooLarge", "UnsupportedMediaType", "ValidationFailed"]);
    }
    if is_repeatable {
        refusals.extend(["ValidationFailed", "Conflict"]);
    }
    if is_conditional {
        refusals.push("VersionMismatch");
    }
    for refusal in refusal::ALL.iter().filter(|refusal| refusals.contains(&refusal.name)) {
        // Where the handler names an answer of this status itself, that one says more.
        responses.entry(refusal.status().to_string()).or_insert_with(|| reference("responses", refusal.name));
    }
}

/// The parts of paths that the extractors of this crate read.
fn path_parameter(name: &str) -> Option<&'static str> {
    match name {
        "table" => Some("Table"),
        "key" => Some("Key"),
        "namespace" => Some("NamespaceOfPath"),
        "name" => Some("Index"),
        "tx" => Some("Transaction"),
        "job" => Some("Job"),
        _ => None,
    }
}

fn add_common_headers(headers: &mut Value) {
    for (name, component) in [
        ("X-DDB-Tx", "Tx"),
        ("X-DDB-Version", "Version"),
        ("X-Request-Id", "RequestId"),
        ("RateLimit-Limit", "RateLimit"),
        ("RateLimit-Remaining", "RateLimitRemaining"),
        ("RateLimit-Reset", "RateLimitReset"),
    ] {
        headers[name] = reference("headers", component);
    }
}

fn shared_answer(refusal: &refusal::Refusal) -> Value {
    let mut answer = refusal.answer();
    answer["headers"] = json!({});
    add_common_headers(&mut answer["headers"]);
    if refusal.has_retry_after() {
        answer["headers"]["Retry-After"] = reference("headers", "RetryAfter");
    }
    answer
}

fn typed_form() -> Value {
    json!({
        "schema": {
            "type": "object",
            "description": "The same with every type kept: values that JSON has no form for have tags such as `{\"$datetime\":\"…\"}`",
        },
        "example": {},
    })
}

fn reference(kind: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{kind}/{name}")})
}

fn members(object: &mut Value) -> &mut Map<String, Value> {
    object.as_object_mut().expect("an object")
}
