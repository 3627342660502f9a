use ddb_core::Value;
use ddb_http::{Answer, ApiResult, Caller, Query, UnreadBody, refusal};
use ddb_store::retention::History;

use super::{answer, change};

/// Sets how long the past of tables without a setting of their own is kept
///
/// For admins.
#[utoipa::path(
    patch,
    path = "/api/schema",
    operation_id = "changeTables",
    tag = "schema",
    request_body = ddb_api::schema::KeepHistory,
    responses(
        (status = OK, description = "All tables", body = ddb_api::Answer<Vec<ddb_api::schema::Table>>),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
pub(crate) async fn change_all(caller: Caller, Query(()): Query<()>, body: UnreadBody) -> ApiResult<Answer> {
    caller.session.require_admin()?;
    let history = change::read(body.json().await?)?.unwrap_or(History::Forever);
    let schema = caller.session.keep_history_by_default(history).await?;
    let tables = schema.data.into_iter().map(answer::table).collect();
    Ok(Answer::ok(answer::data(Value::Array(tables), schema.tx)).tx(schema.tx))
}
