use axum::extract::State;
use ddb_http::limit::{Limiter, RateChanges};
use ddb_http::{Answer, ApiResult, Caller, Query, refusal};

use super::shown;

/// Shows the rate limits
///
/// For root.
#[utoipa::path(
    get,
    path = "/api/admin/limits",
    operation_id = "getLimits",
    tag = "administration",
    responses(
        (status = OK, description = "The limits", body = ddb_api::Answer<ddb_api::admin::RateLimits>),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
pub(crate) async fn get(caller: Caller, Query(()): Query<()>, State(limiter): State<Limiter>) -> ApiResult<Answer> {
    let changes = caller.session.setting::<RateChanges>(RateChanges::SETTING).await?;
    limiter.change(changes.data);
    Ok(Answer::ok(shown(limiter.current(), changes.tx)).tx(changes.tx))
}
