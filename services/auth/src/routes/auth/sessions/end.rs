use axum::extract::{Path, State};
use ddb_api::bus::Revoked;
use ddb_core::{Error, Uuid};
use ddb_http::{Answer, ApiResult, Query, refusal};

use crate::caller::SignedIn;
use crate::db::session;
use crate::state::Auth;

/// Ends a session of the caller
///
/// A session of another account is answered 404.
#[utoipa::path(
    delete,
    path = "/api/auth/sessions/{id}",
    operation_id = "endSession",
    tag = "accounts",
    params(
        ("id" = String, Path, description = "The `id` of a session", example = "0b5cf2bf-6c2c-4f2a-8c94-3a2f8cf1f9b0"),
    ),
    responses(
        (status = NO_CONTENT, description = "The session has ended"),
        refusal::Forbidden,
        refusal::NotFound,
    ),
    security(("token" = [])),
)]
pub(crate) async fn end(
    State(auth): State<Auth>,
    caller: SignedIn,
    Query(()): Query<()>,
    Path(id): Path<String>,
) -> ApiResult<Answer> {
    let absent = || Error::not_found("there is no such session");
    let id = Uuid::try_parse(&id).map_err(|_| absent())?;
    if !session::end(auth.database.store().pool(), caller.namespace, &caller.account, id).await? {
        return Err(absent().into());
    }
    auth.authenticator.revoked(&Revoked::session(caller.namespace, caller.account, id)).await;
    Ok(Answer::no_content())
}
