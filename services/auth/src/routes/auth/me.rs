use std::time::Duration;

use axum::extract::State;
use ddb_api::bus::Revoked;
use ddb_core::json::Json;
use ddb_core::{Error, ErrorCode, Object, Result, Warning, json};
use ddb_database::Patch;
use ddb_http::{Answer, ApiResult, Fields, JsonBody, Query, SmallJsonBody, SmallUnreadBody, refusal};

use super::json as to_json;
use crate::body;
use crate::caller::SignedIn;
use crate::db::account::Account;
use crate::db::{account, session};
use crate::email::Email;
use crate::state::Auth;
use crate::tokens;

/// How long after a sign-in an account is erased without its password.
const RECENT: Duration = Duration::from_secs(5 * 60);

/// Shows the account of the caller, with the fields of the profile
#[utoipa::path(
    get,
    path = "/api/auth/me",
    operation_id = "getMe",
    tag = "accounts",
    responses(
        (status = OK, description = "The account", body = ddb_api::auth::Me),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
pub(crate) async fn me(State(auth): State<Auth>, caller: SignedIn, Query(()): Query<()>) -> ApiResult<Answer> {
    let account = account::with_id(auth.database.store().pool(), caller.namespace, &caller.account).await?;
    let account = account.ok_or_else(gone)?;
    let profile = auth.profile(caller.namespace, &account).await?;
    Ok(Answer::ok(shown(&account, &profile, &[])?))
}

/// Changes fields of the caller's profile
///
/// The server merges the body as a PATCH of the record `user:…` does, and makes that record if it is missing. The body may repeat what `GET` shows; another
/// `email`, `roles` or `verified` is 422.
#[utoipa::path(
    patch,
    path = "/api/auth/me",
    operation_id = "changeMe",
    tag = "accounts",
    request_body = ddb_api::auth::ProfileChange,
    responses(
        (status = OK, description = "The account", body = ddb_api::auth::Me),
        refusal::QuotaExceeded,
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
    let mut fields = Fields::of(body)?.rest();
    let account = account::with_id(auth.database.store().pool(), caller.namespace, &caller.account).await?;
    let account = account.ok_or_else(gone)?;
    body::leave_out_account(&mut fields, &account);
    body::check_profile(&fields, &["email", "password", "$ttl"])?;
    let patch = Patch::parse(Json::Object(fields))?;
    // In the caller's own name: what is not allowed to the caller in the record is not allowed here.
    let changed = caller.caller.session.change_profile(patch).await?.run().await?;
    let warnings: Vec<Warning> = changed.warnings.into_iter().map(|(_, warning)| warning).collect();
    Ok(Answer::ok(shown(&account, &changed.data.fields, &warnings)?).tx(changed.tx))
}

/// Erases the account of the caller, its sessions, and all that it owns
///
/// The caller sends the password, or has signed in (not only refreshed) within the last five minutes: else 403. A wrong password is 422 and counts like a
/// failed sign-in. The last admin who can sign in gets 409.
#[utoipa::path(
    delete,
    path = "/api/auth/me",
    operation_id = "eraseMe",
    tag = "accounts",
    request_body(content = Option<ddb_api::auth::AccountErasure>, example = json!({"password": "changeme123"})),
    responses(
        (status = NO_CONTENT, description = "The account is erased"),
        refusal::Forbidden,
        refusal::Conflict,
        refusal::RateLimited,
    ),
    security(("token" = [])),
)]
pub(crate) async fn erase_me(
    State(auth): State<Auth>,
    caller: SignedIn,
    Query(()): Query<()>,
    body: SmallUnreadBody,
) -> ApiResult<Answer> {
    let password = match body.json_if_any().await? {
        None | Some(Json::Null) => None,
        Some(body) => {
            let mut fields = Fields::of(body)?;
            let password = body::entered_if_any(&mut fields, "password")?;
            fields.end()?;
            password
        }
    };
    let pool = auth.database.store().pool();
    match password {
        Some(password) => {
            let account = account::with_id(pool, caller.namespace, &caller.account).await?.ok_or_else(gone)?;
            let (attempt, place) = auth.attempt(caller.namespace, caller.network, &Email::parse(&account.email)?).await?;
            if auth.is_right(attempt, &place, password, Some(&account)).await?.is_none() {
                return Err(Error::invalid("password", "WRONG", "this is not the account's password").into());
            }
        }
        None if session::is_recent(pool, caller.session, RECENT).await? => {}
        None => {
            let message = "to delete the account, send its password as {\"password\":\"…\"}, or sign in again and repeat the request within five \
                           minutes";
            return Err(Error::new(ErrorCode::PermissionDenied, message).into());
        }
    }
    auth.attempts.erasure(caller.network).map_err(|wait| {
        Error::new(ErrorCode::RateLimited, "too many accounts are erased from this address").with_retry_after(wait)
    })?;
    let erased = caller.caller.session.erase_own_account().await?;
    auth.authenticator.revoked(&Revoked::account(caller.namespace, caller.account)).await;
    Ok(Answer::no_content().tx(erased.tx))
}

/// The account, then the fields of its profile. Written by hand, so that numbers stay what they are.
fn shown(account: &Account, profile: &Object, warnings: &[Warning]) -> Result<Vec<u8>> {
    let mut out = to_json(&tokens::user(account, profile))?;
    out.pop();
    for (name, value) in profile {
        if value.is_none() || OF_ACCOUNT.contains(&name.as_str()) {
            continue;
        }
        out.push(b',');
        json::write_string(name, &mut out);
        out.push(b':');
        json::write_plain(value, &mut out);
    }
    if !profile.contains_key("warnings") {
        Warning::write_member(warnings, &mut out);
    }
    out.push(b'}');
    Ok(out)
}

/// What the account says, whatever its profile has under these names.
const OF_ACCOUNT: [&str; 6] = ["id", "email", "name", "roles", "verified", "created"];

fn gone() -> Error {
    Error::unauthenticated("the account does not exist any more")
}
