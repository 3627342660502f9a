//! Makes the document of what stands on the handlers: adds the parameters, headers and errors that the outermost layer and the extractors of this crate
//! give every route.

use axum::http::Method;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use super::samples::{AnswerKind, Request, encode, pretty};
use super::{example, refusal, shared};
use crate::{idempotency, precondition};

const TYPED: &str = "application/vnd.ddb.typed+json";
/// The chapter that stands last, because nobody but a supervisor calls these.
const PROBES: &str = "probes";
const JSON: &str = "application/json";
const DESCRIPTION: &str = "A self-hosted backend over PostgreSQL: accounts, permissions, records and their history.\n\n\
    Every answer names the transaction whose state it shows (`X-DDB-Tx`). Every error has the same envelope, and its `code` is stable. \
    A record that the caller may not read is answered like one that does not exist: 404, and absent from lists. \
    The server refuses query parameters and `X-DDB-*` headers that it does not know (400). In bodies `1` is an int and `1.0` a float.";

/// The whole document. `order` has the paths in the order in which a reader meets them.
pub(super) fn complete(described: &OpenApi, order: &[String]) -> Value {
    let mut document = serde_json::to_value(described).expect("a description is JSON");
    document["info"] = json!({
        "title": "DarshJDB",
        "version": env!("CARGO_PKG_VERSION"),
        "description": DESCRIPTION,
        "license": {"name": "MIT", "identifier": "MIT"},
    });
    // Relative: a server does not know all the addresses under which it is reached.
    document["servers"] = json!([{"url": "/", "description": "The server from which this document was loaded"}]);
    // The others come in the order in which the services were put together: that of their use.
    if let Some(chapters) = document["tags"].as_array_mut() {
        chapters.sort_by_key(|chapter| chapter["name"] == PROBES);
    }
    for (path, operations) in members(&mut document["paths"]) {
        for (method, operation) in members(operations) {
            let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).expect("a path item's keys are methods");
            complete_operation(&method, path, operation);
            // An object has no order that a reader may rely on.
            if let Some(position) = order.iter().position(|known| known == path) {
                operation["x-order"] = position.into();
            }
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
        "description": "The `access_token` of a sign-up or sign-in. Where the token is optional, a caller without one is anonymous.",
    }});
    add_examples(&mut document);
    document
}

/// Gives each body and each answer an example, and each operation lines to copy.
fn add_examples(document: &mut Value) {
    let root = document.clone();
    for (path, operations) in members(&mut document["paths"]) {
        for (method, operation) in members(operations) {
            if let Some(form) = operation.pointer_mut("/requestBody/content/application~1json") {
                add_example(&root, form);
            }
            for (_, answer) in members(&mut operation["responses"]) {
                if let Some(form) = answer.pointer_mut("/content/application~1json") {
                    add_example(&root, form);
                }
            }
            operation["x-codeSamples"] = request(&root, &method.to_ascii_uppercase(), path, operation).as_extension();
        }
    }
}

fn add_example(root: &Value, form: &mut Value) {
    if form.get("example").is_none()
        && let Some(example) = example::of(root, &form["schema"])
    {
        form["example"] = example;
    }
}

/// The operation as its examples have it.
fn request(root: &Value, method: &str, path: &str, operation: &Value) -> Request {
    let resolve = |value: &Value| match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => root.pointer(pointer).cloned().unwrap_or_default(),
        None => value.clone(),
    };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let parameters: Vec<Value> = operation["parameters"].as_array().into_iter().flatten().map(resolve).collect();
    let with_example = |place: &str| {
        let found = parameters.iter().filter(|parameter| parameter["in"] == place && !parameter["example"].is_null());
        found.map(|parameter| (text(&parameter["name"]), text(&parameter["example"]))).collect::<Vec<_>>()
    };
    let path = with_example("path")
        .iter()
        .fold(path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), &encode(value)));
    let takes_token = operation["security"].as_array().is_some_and(|ways| ways.iter().any(|way| way.get("token").is_some()));
    let body = operation.pointer("/requestBody/content/application~1json/example").map(|example| pretty(example, 0));
    let mut headers = Vec::new();
    if takes_token {
        headers.push(("Authorization".to_owned(), "Bearer $TOKEN".to_owned()));
    }
    if body.is_some() {
        headers.push(("Content-Type".to_owned(), JSON.to_owned()));
    }
    let forms = operation["responses"].as_object().into_iter().flatten().find(|(status, _)| status.starts_with('2'));
    let answer = match forms.map(|(_, answer)| resolve(answer)["content"].clone()) {
        Some(Value::Object(forms)) if forms.contains_key(JSON) => AnswerKind::Json,
        Some(Value::Object(_)) => AnswerKind::Text,
        _ => AnswerKind::Nothing,
    };
    Request { method: method.to_owned(), path, query: with_example("query"), headers, body, answer }
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
    of_headers.extend(precondition::takes_if_none_match(method, path).then_some("CreateOnly"));
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
    if refusal.status() == 401 {
        answer["headers"]["WWW-Authenticate"] = reference("headers", "WwwAuthenticate");
    }
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
