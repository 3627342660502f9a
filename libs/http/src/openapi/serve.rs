use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::document;
use super::page::Page;
use crate::{ApiResult, Query, Routes, has_already, routes};

/// It changes with the program only, but a client may meet another one at the same address a moment later.
const CACHE: &str = "public, max-age=300, must-revalidate";
const REFERRER_POLICY: HeaderName = HeaderName::from_static("referrer-policy");

/// What is served: made once.
#[derive(Clone)]
struct Documentation {
    document: Arc<Kept>,
    page: Arc<Kept>,
    policy: Arc<str>,
}

struct Kept {
    bytes: Bytes,
    tag: String,
}

/// The routes with their descriptions, and two more that show these: `/api/openapi.json` and `/api/docs`.
pub(crate) fn router(routes: Routes) -> Router {
    let own = || {
        Routes::new()
            .chapter("documentation", "This document, and a page that shows it.")
            .with(routes!(openapi))
            .with(routes!(docs))
    };
    let mut described = routes.described();
    described.merge(own().described());
    let document = serde_json::to_vec(&document::complete(&described)).expect("JSON can be written");
    let Page { html, policy } = Page::new();
    let documentation =
        Documentation { document: Arc::new(Kept::new(document)), page: Arc::new(Kept::new(html)), policy: policy.into() };
    routes.merge(own().with_state(documentation)).into_router()
}

/// This document
///
/// OpenAPI 3.1: every route of this program, with examples and errors.
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
        (status = NOT_MODIFIED, description = "The client has it already: `If-None-Match`"),
    ),
    security(()),
)]
async fn openapi(State(documentation): State<Documentation>, headers: HeaderMap, Query(()): Query<()>) -> ApiResult<Response> {
    Ok(documentation.document.answer(&headers, "application/json"))
}

/// A page that shows this document
///
/// It works offline, and takes nothing from anywhere else.
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
        (status = NOT_MODIFIED, description = "The client has it already: `If-None-Match`"),
    ),
    security(()),
)]
async fn docs(State(documentation): State<Documentation>, headers: HeaderMap, Query(()): Query<()>) -> ApiResult<Response> {
    let answer = documentation.page.answer(&headers, "text/html; charset=utf-8");
    let guards = [(CONTENT_SECURITY_POLICY, &*documentation.policy), (REFERRER_POLICY, "no-referrer")];
    Ok((guards, answer).into_response())
}

impl Kept {
    fn new(bytes: Vec<u8>) -> Self {
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&bytes)[..18]));
        Self { bytes: bytes.into(), tag }
    }

    fn answer(&self, headers: &HeaderMap, content_type: &'static str) -> Response {
        let cached = [(CACHE_CONTROL, CACHE), (ETAG, &self.tag)];
        if has_already(headers, &self.tag) {
            return (StatusCode::NOT_MODIFIED, cached).into_response();
        }
        let kind = [(CONTENT_TYPE, content_type), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
        (cached, kind, self.bytes.clone()).into_response()
    }
}
