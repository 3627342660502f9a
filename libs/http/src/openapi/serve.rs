use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{document, page};
use crate::{ApiResult, Page, Query, Routes, has_already, routes};

/// It changes with the program only, but a client may meet another one at the same address a moment later.
const CACHE: &str = "public, max-age=300, must-revalidate";

/// What is served: made once.
#[derive(Clone)]
struct Documentation {
    document: Arc<Kept>,
    page: Arc<Kept>,
}

struct Kept {
    bytes: Bytes,
    tag: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The routes with their descriptions, and two more that show these: `/api/openapi.json` and `/api/docs`.
pub(crate) fn router(routes: Routes) -> Router {
    let own = || {
        Routes::new()
            .chapter("documentation", "The OpenAPI document, and the page that shows it.")
            .with(routes!(openapi))
            .with(routes!(docs))
    };
    let mut described = routes.described();
    described.merge(own().described());
    let document = serde_json::to_vec(&document::complete(&described, routes.paths())).expect("JSON can be written");
    let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    let page: Page = page::page(routes.guide());
    let documentation = Documentation {
        document: Arc::new(Kept::new(document, &json)),
        page: Arc::new(Kept::new(page.html().as_bytes().to_vec(), &page.headers())),
    };
    routes.merge(own().with_state(documentation)).into_router()
}

/// Shows the OpenAPI document
///
/// OpenAPI 3.1: every route of this server, with examples and errors.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "getOpenApi",
    tag = "documentation",
    responses(
        (
            status = OK,
            description = "The document",
            content_type = "application/json",
            body = Object,
            headers(("ETag" = String, description = "Changes with the document"), ("Cache-Control" = String)),
            example = json!({"openapi": "3.1.0"}),
        ),
        (status = NOT_MODIFIED, description = "The client has this version already: see `If-None-Match`"),
    ),
    security(()),
)]
async fn openapi(State(documentation): State<Documentation>, headers: HeaderMap, Query(()): Query<()>) -> ApiResult<Response> {
    Ok(documentation.document.answer(&headers))
}

/// Shows the documentation as a page
///
/// The page works offline: it loads nothing but the OpenAPI document.
#[utoipa::path(
    get,
    path = "/api/docs",
    operation_id = "getDocs",
    tag = "documentation",
    responses(
        (
            status = OK,
            description = "The page",
            content_type = "text/html; charset=utf-8",
            body = String,
            headers(
                ("ETag" = String, description = "Changes with the page"),
                ("Cache-Control" = String),
                ("Content-Security-Policy" = String),
            ),
            example = json!("<!doctype html>…"),
        ),
        (status = NOT_MODIFIED, description = "The client has this version already: see `If-None-Match`"),
    ),
    security(()),
)]
async fn docs(State(documentation): State<Documentation>, headers: HeaderMap, Query(()): Query<()>) -> ApiResult<Response> {
    Ok(documentation.page.answer(&headers))
}

impl Kept {
    fn new(bytes: Vec<u8>, headers: &[(HeaderName, HeaderValue)]) -> Self {
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&bytes)[..18]));
        Self { bytes: bytes.into(), tag, headers: headers.to_vec() }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let cached = [(CACHE_CONTROL, CACHE), (ETAG, &self.tag)];
        let mut response = match has_already(headers, &self.tag) {
            true => (StatusCode::NOT_MODIFIED, cached).into_response(),
            false => (cached, self.bytes.clone()).into_response(),
        };
        // Put, not added: a body of bytes has a type of its own. Also where the client has it: a browser puts the headers of this answer in place of
        // those that it kept, and a page under the policy of other answers runs nothing.
        self.headers.iter().for_each(|(name, value)| drop(response.headers_mut().insert(name, value.clone())));
        response
    }
}
