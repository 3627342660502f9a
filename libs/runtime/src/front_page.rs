//! `GET /`: what a person sees who opens the address of the server in a browser, and what a program gets.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, HOST, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, Version};
use axum::response::{IntoResponse, Response};
use ddb_database::Database;
use ddb_http::{Accepted, Answer, ApiResult, Context, Page, Query, Routes, escaped, routes};
use serde::Serialize;
use utoipa::ToSchema;

use crate::probes;
use crate::service::HasAdmin;
use crate::whereabouts::Whereabouts;

/// Shown where the request names no host that can be shown.
const USUAL_HOST: &str = "localhost:7700";
/// What the answer depends on.
const VARIES: HeaderValue = HeaderValue::from_static("Accept, Host");
/// The answer may hold paths of the machine: no cache may keep it.
const CACHE: HeaderValue = HeaderValue::from_static("private, no-store");
/// What proxies add. A request that has one of these came from somewhere else, whatever the other end of the socket is.
const OF_PROXIES: [&str; 8] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "cf-connecting-ip",
    "true-client-ip",
];

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct FrontPage {
    database: Database,
    page: Arc<Page>,
    has_admin: Option<HasAdmin>,
    whereabouts: Whereabouts,
    scheme: &'static str,
}

impl FrontPage {
    pub(crate) fn new(database: Database, has_admin: Option<HasAdmin>, whereabouts: Whereabouts, scheme: &'static str) -> Self {
        let page = Page::new(
            include_str!("front_page/page.html"),
            include_str!("front_page/page.css"),
            include_str!("front_page/page.js"),
            "'none'",
        );
        Self { database, page: Arc::new(page), has_admin, whereabouts, scheme }
    }

    pub(crate) fn routes(self) -> Routes {
        Routes::new().with(routes!(front_page)).with_state(self)
    }
}

/// What the server is.
#[derive(Serialize, ToSchema)]
struct FrontDoor {
    #[schema(example = "DarshJDB")]
    name: &'static str,
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// `ready`, or `not ready` while `GET /ready` answers 503.
    #[schema(example = "ready")]
    status: &'static str,
    /// The documentation, for people.
    #[schema(example = "/api/docs")]
    docs: &'static str,
    /// The documentation, for programs.
    #[schema(example = "/api/openapi.json")]
    openapi: &'static str,
}

/// Shows what the server is, and where to begin
///
/// A browser (`Accept: text/html`) gets a page, every other client gets JSON.
#[utoipa::path(
    get,
    path = "/",
    operation_id = "getFrontPage",
    tag = "documentation",
    responses((
        status = OK,
        description = "The state of the server, and links to the documentation",
        content(
            (FrontDoor = "application/json"),
            (String = "text/html; charset=utf-8", example = json!("<!doctype html>…")),
        ),
        headers(("Vary" = String, description = "`Accept, Host`"), ("Cache-Control" = String)),
    )),
    security(()),
)]
async fn front_page(
    State(front): State<FrontPage>,
    context: Context,
    version: Version,
    uri: Uri,
    headers: HeaderMap,
    Query(()): Query<()>,
) -> ApiResult<Response> {
    let state = probes::check(&front.database).await;
    let mut response = if Accepted::of(&headers).is_some_and(|accepted| accepted.prefers_html()) {
        // HTTP/2 has the host in the address.
        let host = uri.authority().map(|host| host.as_str()).or_else(|| headers.get(HOST)?.to_str().ok());
        let host = host.filter(|host| is_host(host));
        let state = match &state {
            Ok(()) => "<p class=\"state good\"><b>Ready.</b> The server answers requests.</p>".to_owned(),
            Err(error) => {
                let problem = escaped(error.message());
                format!("<p class=\"state bad\"><b>Not ready.</b> {problem}. The log of the server says more.</p>")
            }
        };
        let is_local = is_of_this_machine(context.peer, host, version, &headers);
        let admin = if is_local { front.admin().await } else { String::new() };
        front.fill(host.unwrap_or(USUAL_HOST), &state, &admin)
    } else {
        let door = FrontDoor {
            name: "DarshJDB",
            version: env!("CARGO_PKG_VERSION"),
            status: if state.is_ok() { "ready" } else { "not ready" },
            docs: "/api/docs",
            openapi: "/api/openapi.json",
        };
        Answer::ok(serde_json::to_vec(&door).expect("text can be written as JSON")).into_response()
    };
    response.headers_mut().insert(VARY, VARIES);
    response.headers_mut().insert(CACHE_CONTROL, CACHE);
    Ok(response)
}

impl FrontPage {
    fn fill(&self, host: &str, state: &str, admin: &str) -> Response {
        let address = escaped(&format!("{}://{host}", self.scheme));
        let version = env!("CARGO_PKG_VERSION");
        // The address comes last: nothing that a caller wrote is looked at for a place to fill.
        let html = self.page.html().replace("{{version}}", version).replace("{{state}}", state);
        let html = html.replace("{{admin}}", admin).replace("{{address}}", &address);
        let mut response = html.into_response();
        self.page.headers().into_iter().for_each(|(name, value)| drop(response.headers_mut().insert(name, value)));
        response
    }

    /// How to make an admin, while there is none. Nothing where that is not known.
    async fn admin(&self) -> String {
        let Some(has_admin) = &self.has_admin else { return String::new() };
        if !matches!(has_admin().await, Ok(false)) {
            return String::new();
        }
        format!(
            "<section class=\"notice\"><h2>There is no admin yet</h2><p>Make one in a shell on this machine:</p>\
             <pre><code>{}</code></pre><p>The data lies in <code>{}</code>. Only requests from this machine get this notice.</p></section>",
            escaped(&self.whereabouts.make_admin()),
            escaped(&self.whereabouts.data()),
        )
    }
}

/// Whether this is a name or an address, with a port or without, and nothing else.
fn is_host(host: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    (1..=255).contains(&host.len()) && host.bytes().all(is_plain)
}

/// Whether a person at this machine asks: from the loopback, by a name of it (a page of somebody else can make its own name lead here), and through no
/// proxy. Proxies that run here and add no header are told apart by HTTP/1.0, which browsers do not speak, as far as they use that.
fn is_of_this_machine(peer: IpAddr, host: Option<&str>, version: Version, headers: &HeaderMap) -> bool {
    let is_loopback = |text: &str| text.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    let is_own_name = host.is_some_and(|host| {
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        name.eq_ignore_ascii_case("localhost") || is_loopback(name)
    });
    let is_through_proxy = OF_PROXIES.iter().any(|name| headers.contains_key(HeaderName::from_static(name)));
    peer.to_canonical().is_loopback() && is_own_name && version >= Version::HTTP_11 && !is_through_proxy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_and_addresses_are_hosts() {
        for host in ["localhost", "localhost:7700", "a-b.example.com:80", "[::1]:7700", "192.168.0.1"] {
            assert!(is_host(host), "{host}");
        }
        for host in ["", "a b", "a\"", "<b>", "a/b", "user@a", "a'", "{{admin}}", "é", "a;b", "$(x)", "`x`"] {
            assert!(!is_host(host), "{host}");
        }
    }

    /// Mutants: each of the four conditions left out.
    #[test]
    fn what_comes_from_elsewhere_is_not_taken_for_this_machine() {
        let of = |peer: &str, host, version, header: Option<&'static str>| {
            let headers = header.map(|name| (HeaderName::from_static(name), HeaderValue::from_static("x"))).into_iter().collect();
            is_of_this_machine(peer.parse().expect("an address"), host, version, &headers)
        };
        let local = Some("localhost:7700");
        for (peer, host) in [
            ("127.0.0.1", local),
            ("127.8.8.8", Some("127.0.0.1:7700")),
            ("::1", Some("[::1]:7700")),
            ("::ffff:127.0.0.1", Some("LOCALHOST")),
        ] {
            assert!(of(peer, host, Version::HTTP_11, None) && of(peer, host, Version::HTTP_2, None), "{peer} {host:?}");
        }
        assert!(!of("192.168.0.7", local, Version::HTTP_11, None));
        assert!(!of("127.0.0.1", Some("db.example.com"), Version::HTTP_11, None));
        assert!(!of("127.0.0.1", Some("127.0.0.1.example.com"), Version::HTTP_11, None));
        assert!(!of("127.0.0.1", None, Version::HTTP_11, None));
        assert!(!of("127.0.0.1", local, Version::HTTP_10, None));
        for header in OF_PROXIES {
            assert!(!of("127.0.0.1", local, Version::HTTP_11, Some(header)), "{header}");
        }
    }
}
