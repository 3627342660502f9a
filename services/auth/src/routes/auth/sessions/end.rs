use axum::extract::{Path, State};
use ddb_api::bus::Revoked;
use ddb_core::{Error, Uuid};
use ddb_http::{Answer, ApiResult, Query};

use crate::caller::SignedIn;
use crate::db::session;
use crate::state::Auth;

/// `DELETE /api/auth/sessions/{id}` → 204; 404 for what is not a living session of the caller.
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
