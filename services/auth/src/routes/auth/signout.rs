use axum::extract::State;
use ddb_api::bus::Revoked;
use ddb_http::{Answer, ApiResult, Query};

use crate::caller::SignedIn;
use crate::db::session;
use crate::state::Auth;

/// `POST /api/auth/signout` → 204: the session of the access token ends.
pub(crate) async fn signout(State(auth): State<Auth>, caller: SignedIn, Query(()): Query<()>) -> ApiResult<Answer> {
    let SignedIn { namespace, account, session, .. } = caller;
    session::end(auth.database.store().pool(), namespace, &account, session).await?;
    auth.authenticator.revoked(&Revoked::session(namespace, account, session)).await;
    Ok(Answer::no_content())
}
