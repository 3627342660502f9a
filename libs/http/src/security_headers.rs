use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What keeps a browser from making something of an answer that it is not. An answer that says something else itself, as a page must, has its way.
const ALWAYS: [(HeaderName, HeaderValue); 4] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    // Of pages that embed something without asking by CORS; those that ask and are allowed to are not concerned.
    (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
];

/// `strict_transport`: what browsers are told to reach this host with from now on; None without TLS, where it must not stand.
pub(crate) fn add(headers: &mut HeaderMap, strict_transport: Option<HeaderValue>) {
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(value);
    }
    if let Some(value) = strict_transport {
        headers.insert(STRICT_TRANSPORT_SECURITY, value);
    }
}
