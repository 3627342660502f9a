use axum::extract::State;
use axum::http::HeaderMap;
use ddb_api::bus::Revoked;
use ddb_core::json::Json;
use ddb_core::{Error, Result};
use ddb_http::{Answer, ApiResult, Fields, JsonBody, Query, SmallJsonBody, refusal};
use ddb_store::to_error;

use super::tokens;
use crate::body;
use crate::caller::SignedIn;
use crate::db::{account, session};
use crate::device::new_session;
use crate::email::Email;
use crate::password::Password;
use crate::state::Auth;

struct Change {
    current: Password,
    new: Password,
}

impl Change {
    fn read(body: Json) -> Result<Self> {
        let mut fields = Fields::of(body)?;
        let current = body::entered(&mut fields, "current")?;
        let new = body::chosen(&mut fields, "new")?;
        fields.end()?;
        Ok(Self { current, new })
    }
}

/// Changes the password of the caller
///
/// All sessions and access tokens from before end, also those of the caller. The answer holds new ones.
#[utoipa::path(
    post,
    path = "/api/auth/password",
    operation_id = "changePassword",
    tag = "accounts",
    request_body = ddb_api::auth::PasswordChange,
    responses(
        (status = OK, description = "The tokens and their user", body = ddb_api::auth::Tokens),
        refusal::Forbidden,
        refusal::RateLimited,
    ),
    security(("token" = [])),
)]
pub(crate) async fn password(
    State(auth): State<Auth>,
    caller: SignedIn,
    headers: HeaderMap,
    Query(()): Query<()>,
    JsonBody(body): SmallJsonBody,
) -> ApiResult<Answer> {
    let Change { current, new } = Change::read(body)?;
    let namespace = caller.namespace;
    let checked = account::with_id(auth.database.store().pool(), namespace, &caller.account).await?.ok_or_else(gone)?;
    // A stolen access token guesses no faster here than at the door.
    let (attempt, place) = auth.attempt(namespace, caller.network, &Email::parse(&checked.email)?).await?;
    if auth.is_right(attempt, &place, current, Some(&checked)).await?.is_none() {
        return Err(wrong().into());
    }
    let hash = place.hash(new).await?;
    drop(place);
    let new_session = new_session(&checked.id, caller.network, &headers);

    let mut transaction = auth.database.store().pool().begin().await.map_err(to_error)?;
    let mut account = account::lock(&mut transaction, namespace, &checked.id).await?.ok_or_else(gone)?;
    // Somebody else was faster: what was checked is not the account's password any more.
    if account.password_hash != checked.password_hash {
        return Err(wrong().into());
    }
    account.epoch = account::change_password(&mut transaction, namespace, &account.id, &hash).await?;
    session::end_all(&mut *transaction, namespace, &account.id).await?;
    session::insert(&mut transaction, namespace, &new_session).await?;
    transaction.commit().await.map_err(to_error)?;
    auth.authenticator.revoked(&Revoked::account(namespace, &account.id)).await;

    let user = auth.user(namespace, &account).await?;
    Ok(tokens(&auth.tokens(&caller.namespace_name, user, &account, new_session.id, 1).await?)?)
}

/// Not 401: the caller is signed in, and a client that refreshes its token and tries again would only guess once more.
fn wrong() -> Error {
    Error::invalid("current", "WRONG", "this is not the current password")
}

fn gone() -> Error {
    Error::unauthenticated("the account does not exist any more")
}
