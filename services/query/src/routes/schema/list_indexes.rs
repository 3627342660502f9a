use ddb_core::Value;
use ddb_http::{Answer, ApiResult, Caller, Query, TablePath};

use super::answer;

/// `GET /api/schema/{table}/indexes`: the indexes of one table, for admins.
pub(crate) async fn list_indexes(TablePath(table): TablePath, caller: Caller, Query(()): Query<()>) -> ApiResult<Answer> {
    let schema = caller.session.table_schema(&table).await?;
    let indexes = schema.data.indexes.iter().map(answer::index).collect();
    Ok(Answer::ok(answer::data(Value::Array(indexes), schema.tx)).tx(schema.tx))
}
