use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ddb_api::auth::{Jwk, Jwks};
use ddb_core::Error;
use ddb_http::{ApiResult, Query, has_already};
use ddb_store::identity::PublicKey;

use crate::state::Auth;

/// A verifier that meets an unknown `kid` fetches anew anyway; this bounds how long it trusts a key that is gone.
const CACHE: &str = "public, max-age=300, must-revalidate";

/// Lists the public keys that verify access tokens
///
/// As RFC 7517 says. After a rotation there are two keys for a day.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "getKeys",
    tag = "accounts",
    responses(
        (
            status = OK,
            description = "The keys",
            content_type = "application/jwk-set+json",
            body = ddb_api::auth::Jwks,
            headers(("ETag" = String, description = "Changes with the keys"), ("Cache-Control" = String)),
        ),
        (status = NOT_MODIFIED, description = "The client has this version already: see `If-None-Match`"),
    ),
    security(()),
)]
pub(crate) async fn jwks(State(auth): State<Auth>, headers: HeaderMap, Query(()): Query<()>) -> ApiResult<Response> {
    let keys = auth.authenticator.public_keys().await?;
    // A key's id is a hash of it, so the ids name the whole document.
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let tag = format!("\"{}\"", ids.join("."));
    let is_known = has_already(&headers, &tag);
    let cached = [(CACHE_CONTROL, CACHE.to_owned()), (ETAG, tag)];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, cached).into_response());
    }
    let document = serde_json::to_vec(&Jwks { keys: keys.into_iter().map(jwk).collect() }).map_err(Error::internal)?;
    Ok((cached, [(CONTENT_TYPE, "application/jwk-set+json")], document).into_response())
}

fn jwk(key: PublicKey) -> Jwk {
    Jwk {
        kty: "RSA",
        usage: "sig",
        alg: "RS256",
        kid: key.id,
        n: URL_SAFE_NO_PAD.encode(key.modulus),
        e: URL_SAFE_NO_PAD.encode(key.exponent),
    }
}
