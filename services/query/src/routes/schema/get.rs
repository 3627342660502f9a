use ddb_http::{Answer, ApiResult, Caller, Query, TablePath};

use super::answer;

/// `GET /api/schema/{table}`: one table, for admins.
pub(crate) async fn get(TablePath(table): TablePath, caller: Caller, Query(()): Query<()>) -> ApiResult<Answer> {
    let schema = caller.session.table_schema(&table).await?;
    Ok(Answer::ok(answer::data(answer::table(schema.data), schema.tx)).tx(schema.tx))
}
