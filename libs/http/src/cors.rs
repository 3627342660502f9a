//! Which pages of other origins may read answers (the Fetch standard's CORS protocol). Callers are known by `Authorization`, which a page has to add itself, never by
//! what a browser adds; so credentials are never allowed.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const ASKED: &str = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-DDB-Min-Tx, X-DDB-Namespace, \
                     X-DDB-Version, X-Request-Id";
const EXPOSED: &str =
    "ETag, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-DDB-Tx, X-DDB-Version, X-Request-Id";
/// Seconds for which a browser need not ask again; none of them remembers longer.
const MAX_AGE: &str = "7200";
/// What the answer to a preflight depends on.
const VARIES: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

/// The origins whose pages may read answers; by default none but the server's own.
#[derive(Debug, Clone, Default)]
pub enum CorsOrigins {
    #[default]
    None,
    Any,
    /// As browsers write them.
    Only(Arc<[HeaderValue]>),
}

impl CorsOrigins {
    /// `*`, or origins with commas between them, each a scheme, a host and, where it is not the usual one, a port. None for anything else, `null` included:
    /// every page that a browser isolates has that origin.
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim() == "*" {
            return Some(Self::Any);
        }
        text.split(',').map(|origin| parse(origin.trim())).collect::<Option<Vec<_>>>().map(|origins| Self::Only(origins.into()))
    }

    /// What the answer says to the page that asks; None: nothing, and its browser keeps the answer from it.
    pub(crate) fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let mut origins = headers.get_all(ORIGIN).iter();
        let (Some(origin), None) = (origins.next(), origins.next()) else { return None };
        match self {
            Self::None => None,
            Self::Any => (origin != "null").then(|| HeaderValue::from_static("*")),
            Self::Only(known) => known.contains(origin).then(|| origin.clone()),
        }
    }

    /// Tells the browser what was decided, and caches that other origins may get other answers.
    pub(crate) fn tell(&self, allowed: Option<HeaderValue>, headers: &mut HeaderMap) {
        if !matches!(self, Self::None) {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        }
    }
}

/// Whether a browser asks beforehand what a page may do.
pub(crate) fn is_preflight(request: &Request<Body>) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The same for every route: what a route does not know, it refuses itself.
pub(crate) fn preflight() -> Response {
    let headers: [(HeaderName, &str); 4] = [
        (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (ACCESS_CONTROL_ALLOW_HEADERS, ASKED),
        (ACCESS_CONTROL_MAX_AGE, MAX_AGE),
        (VARY, VARIES),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// An origin as browsers write it: in small letters and without the usual port.
pub(crate) fn parse(text: &str) -> Option<HeaderValue> {
    let origin = text.to_ascii_lowercase();
    let (scheme, rest) = origin.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let (host, port) = match rest.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse::<u16>().ok()?)),
        _ => (rest, None),
    };
    let is_name = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let is_ipv6 = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok());
    if !is_scheme || !(is_name || is_ipv6) {
        return None;
    }
    let usual = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    let port = port.filter(|port| Some(*port) != usual).map(|port| format!(":{port}")).unwrap_or_default();
    HeaderValue::try_from(format!("{scheme}://{host}{port}")).ok()
}

#[cfg(test)]
mod tests {
    use super::{CorsOrigins, parse};

    #[test]
    fn origins_are_read_as_browsers_write_them() {
        for (text, expected) in [
            ("https://app.example.com", "https://app.example.com"),
            ("HTTPS://App.Example.com:443", "https://app.example.com"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://localhost:80", "http://localhost"),
            ("http://localhost:443", "http://localhost:443"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://[::1]", "https://[::1]"),
            ("tauri://localhost", "tauri://localhost"),
        ] {
            assert_eq!(parse(text).expect(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            ",",
            "null",
            "app.example.com",
            "https://",
            "https://a/",
            "https://a/b",
            "https://*.example.com",
            "https://a b",
            "https://a:",
            "https://a:x",
            "https://a:70000",
            "https://user@a",
            "https://a?b",
            "https://[::1",
            "https://[x]",
            "*,https://a",
            "https://a,",
            "https://a, null",
            "://a",
            "https://a\u{e9}",
            "1://a",
        ] {
            assert!(CorsOrigins::parse(text).is_none(), "{text}");
        }
        assert!(matches!(CorsOrigins::parse(" * "), Some(CorsOrigins::Any)));
        assert!(matches!(CorsOrigins::parse("https://a, http://b:1"), Some(CorsOrigins::Only(two)) if two.len() == 2));
    }
}
