use axum::extract::State;
use ddb_api::bus::Revoked;
use ddb_http::{Answer, ApiResult, Query, refusal};

use crate::caller::SignedIn;
use crate::db::session;
use crate::state::Auth;

/// Ends the session of the access token
///
/// Takes no body.
#[utoipa::path(
    post,
    path = "/api/auth/signout",
    operation_id = "signOut",
    tag = "accounts",
    responses(
        (status = NO_CONTENT, description = "The session has ended"),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
pub(crate) async fn signout(State(auth): State<Auth>, caller: SignedIn, Query(()): Query<()>) -> ApiResult<Answer> {
    let SignedIn { namespace, account, session, .. } = caller;
    session::end(auth.database.store().pool(), namespace, &account, session).await?;
    auth.authenticator.revoked(&Revoked::session(namespace, account, session)).await;
    Ok(Answer::no_content())
}
