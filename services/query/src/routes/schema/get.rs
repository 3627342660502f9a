use ddb_http::{Answer, ApiResult, Caller, Query, TablePath, refusal};

use super::answer;

/// Shows a table with its fields and indexes
///
/// For admins.
#[utoipa::path(
    get,
    path = "/api/schema/{table}",
    operation_id = "getTable",
    tag = "schema",
    responses(
        (status = OK, description = "The table", body = ddb_api::Answer<ddb_api::schema::Table>),
        refusal::Forbidden,
        refusal::NotFound,
    ),
    security(("token" = [])),
)]
pub(crate) async fn get(TablePath(table): TablePath, caller: Caller, Query(()): Query<()>) -> ApiResult<Answer> {
    let schema = caller.session.table_schema(&table).await?;
    Ok(Answer::ok(answer::data(answer::table(schema.data), schema.tx)).tx(schema.tx))
}
