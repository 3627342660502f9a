use axum::extract::MatchedPath;
use axum::http::HeaderMap;
use axum::response::Response;
use ddb_core::RequestId;
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::TraceContextExt;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The span of a request in a trace; disabled where nobody takes traces. What the request names (keys, values, addresses) is not in it, and nothing that its
/// caller could make long. `of_trace`: whether he may say of which trace it is a part; whoever may decides what is sampled, and writes into traces of others.
pub(crate) fn begin(method: &'static str, headers: &HeaderMap, of_trace: bool, request_id: &RequestId) -> Span {
    let span = tracing::info_span!(
        target: "ddb_trace",
        "request",
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = Empty,
        http.response.status_code = Empty,
        ddb.request_id = request_id.as_str(),
    );
    if of_trace && !span.is_disabled() {
        let parent = opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(&Headers(headers)));
        // What cannot be a parent is none.
        let _ = span.set_parent(parent);
    }
    span
}

pub(crate) fn end(span: &Span, method: &'static str, response: &Response) {
    if span.is_disabled() {
        return;
    }
    span.record("http.response.status_code", response.status().as_u16());
    if let Some(route) = response.extensions().get::<MatchedPath>() {
        span.record("http.route", route.as_str());
        // A span that has begun does not take the field `otel.name` any more.
        span.context().span().update_name(format!("{method} {}", route.as_str()));
    }
    if response.status().is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}

/// `traceparent`, which says of which trace a request is a part. `tracestate` may be long, and would be kept with every span.
struct Headers<'a>(&'a HeaderMap);

const TRACEPARENT: &str = "traceparent";

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        if key == TRACEPARENT { self.0.get(key)?.to_str().ok() } else { None }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}
