use ddb_core::Value;
use ddb_http::{Answer, ApiResult, Caller, Query, TablePath, refusal};

use super::answer;

/// Lists the indexes of a table
///
/// For admins.
#[utoipa::path(
    get,
    path = "/api/schema/{table}/indexes",
    operation_id = "listIndexes",
    tag = "schema",
    responses(
        (status = OK, description = "The indexes", body = ddb_api::Answer<Vec<ddb_api::schema::Index>>),
        refusal::Forbidden,
        refusal::NotFound,
    ),
    security(("token" = [])),
)]
pub(crate) async fn list_indexes(TablePath(table): TablePath, caller: Caller, Query(()): Query<()>) -> ApiResult<Answer> {
    let schema = caller.session.table_schema(&table).await?;
    let indexes = schema.data.indexes.iter().map(answer::index).collect();
    Ok(Answer::ok(answer::data(Value::Array(indexes), schema.tx)).tx(schema.tx))
}
