use axum::extract::State;
use ddb_api::bus::Revoked;
use ddb_http::{Answer, ApiResult, Query, refusal};
use ddb_store::to_error;

use crate::caller::SignedIn;
use crate::db::{account, session};
use crate::state::Auth;

/// Ends all sessions of the caller, also the one that asks
#[utoipa::path(
    delete,
    path = "/api/auth/sessions",
    operation_id = "endSessions",
    tag = "accounts",
    responses(
        (status = NO_CONTENT, description = "The sessions have ended"),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
pub(crate) async fn end_all(State(auth): State<Auth>, caller: SignedIn, Query(()): Query<()>) -> ApiResult<Answer> {
    let mut transaction = auth.database.store().pool().begin().await.map_err(to_error)?;
    // Whoever changes several sessions of an account holds the account first, so that no two wait for each other.
    account::lock(&mut transaction, caller.namespace, &caller.account).await?;
    session::end_all(&mut *transaction, caller.namespace, &caller.account).await?;
    transaction.commit().await.map_err(to_error)?;
    auth.authenticator.revoked(&Revoked::account(caller.namespace, caller.account)).await;
    Ok(Answer::no_content())
}
