use ddb_core::Value;
use ddb_http::{Answer, ApiResult, Caller, Query, refusal};

use super::answer;

/// Lists the tables with their fields and indexes
///
/// For admins.
#[utoipa::path(
    get,
    path = "/api/schema",
    operation_id = "listTables",
    tag = "schema",
    responses(
        (status = OK, description = "All tables", body = ddb_api::Answer<Vec<ddb_api::schema::Table>>),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
pub(crate) async fn list(caller: Caller, Query(()): Query<()>) -> ApiResult<Answer> {
    let schema = caller.session.schema().await?;
    let tables = schema.data.into_iter().map(answer::table).collect();
    Ok(Answer::ok(answer::data(Value::Array(tables), schema.tx)).tx(schema.tx))
}
