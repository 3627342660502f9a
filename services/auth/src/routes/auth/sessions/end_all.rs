use axum::extract::State;
use ddb_api::bus::Revoked;
use ddb_http::{Answer, ApiResult, Query};

use crate::caller::SignedIn;
use crate::db::session;
use crate::state::Auth;

/// `DELETE /api/auth/sessions` → 204: all of them end, the one that asks too.
pub(crate) async fn end_all(State(auth): State<Auth>, caller: SignedIn, Query(()): Query<()>) -> ApiResult<Answer> {
    session::end_all(auth.database.store().pool(), caller.namespace, &caller.account).await?;
    auth.authenticator.revoked(&Revoked::account(caller.namespace, caller.account)).await;
    Ok(Answer::no_content())
}
