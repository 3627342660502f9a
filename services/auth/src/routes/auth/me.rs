use axum::extract::State;
use ddb_api::bus::Revoked;
use ddb_core::json::Json;
use ddb_core::{Error, ErrorCode, RecordKey, TableName};
use ddb_database::Patch;
use ddb_http::{Answer, ApiResult, Fields, JsonBody, Query, SmallJsonBody, refusal};

use super::user;
use crate::body;
use crate::caller::SignedIn;
use crate::db::account;
use crate::state::Auth;
use crate::tokens;

/// Shows the account of the caller
#[utoipa::path(
    get,
    path = "/api/auth/me",
    operation_id = "getMe",
    tag = "accounts",
    responses(
        (status = OK, description = "The account", body = ddb_api::auth::User),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
pub(crate) async fn me(State(auth): State<Auth>, caller: SignedIn, Query(()): Query<()>) -> ApiResult<Answer> {
    let account = account::with_id(auth.database.store().pool(), caller.namespace, &caller.account).await?;
    let account = account.ok_or_else(gone)?;
    Ok(user(&auth.user(caller.namespace, &account).await?)?)
}

/// Changes fields of the caller's profile
///
/// The server merges the body as a PATCH of the record `user:…` does.
#[utoipa::path(
    patch,
    path = "/api/auth/me",
    operation_id = "changeMe",
    tag = "accounts",
    request_body = ddb_api::auth::ProfileChange,
    responses(
        (status = OK, description = "The account", body = ddb_api::auth::User),
        refusal::QuotaExceeded,
        refusal::NotFound,
        refusal::Conflict,
    ),
    security(("token" = [])),
)]
pub(crate) async fn change_me(
    State(auth): State<Auth>,
    caller: SignedIn,
    Query(()): Query<()>,
    JsonBody(body): SmallJsonBody,
) -> ApiResult<Answer> {
    let fields = Fields::of(body)?.rest();
    body::check_profile(&fields, &["email", "password", "$ttl"])?;
    let patch = Patch::parse(Json::Object(fields))?;
    let key = RecordKey::String(caller.account.clone());
    // In the caller's own name: what he may not do to his record, he may not do here.
    let changed = caller.caller.session.merge(&TableName::user(), &key, patch, None)?.run().await?;
    let account = account::with_id(auth.database.store().pool(), caller.namespace, &caller.account).await?;
    let answer = user(&tokens::user(&account.ok_or_else(gone)?, &changed.data.fields))?;
    Ok(answer.tx(changed.tx))
}

/// Erases the account of the caller, its sessions, and all that it owns
///
/// The last admin who can sign in gets 409.
#[utoipa::path(
    delete,
    path = "/api/auth/me",
    operation_id = "eraseMe",
    tag = "accounts",
    responses(
        (status = NO_CONTENT, description = "The account is erased"),
        refusal::Forbidden,
        refusal::Conflict,
    ),
    security(("token" = [])),
)]
pub(crate) async fn erase_me(State(auth): State<Auth>, caller: SignedIn, Query(()): Query<()>) -> ApiResult<Answer> {
    auth.attempts.erasure(caller.network).map_err(|wait| {
        Error::new(ErrorCode::RateLimited, "too many accounts are erased from this address").with_retry_after(wait)
    })?;
    let erased = caller.caller.session.erase_own_account().await?;
    auth.authenticator.revoked(&Revoked::account(caller.namespace, caller.account)).await;
    Ok(Answer::no_content().tx(erased.tx))
}

fn gone() -> Error {
    Error::unauthenticated("the account does not exist any more")
}
