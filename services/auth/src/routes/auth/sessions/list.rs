use axum::extract::State;
use ddb_api::auth::{Session, Sessions};
use ddb_http::{Answer, ApiResult, Query, refusal};

use crate::caller::SignedIn;
use crate::db::session;
use crate::routes::auth::json;
use crate::state::Auth;

/// Lists the sessions of the caller, the latest used first
#[utoipa::path(
    get,
    path = "/api/auth/sessions",
    operation_id = "listSessions",
    tag = "accounts",
    responses(
        (status = OK, description = "The sessions", body = ddb_api::auth::Sessions),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
pub(crate) async fn list(State(auth): State<Auth>, caller: SignedIn, Query(()): Query<()>) -> ApiResult<Answer> {
    let devices = session::living(auth.database.store().pool(), caller.namespace, &caller.account).await?;
    let shown = |device: session::Device| Session {
        id: device.id,
        created: device.created.to_rfc3339(),
        refreshed: device.rotated.to_rfc3339(),
        user_agent: device.user_agent,
        address: device.address,
        current: device.id == caller.session,
    };
    Ok(Answer::ok(json(&Sessions { data: devices.into_iter().map(shown).collect() })?))
}
