use ddb_core::Value;
use ddb_http::{Answer, ApiResult, Caller, Query};

use super::answer;

/// `GET /api/schema`: every table, for admins.
pub(crate) async fn list(caller: Caller, Query(()): Query<()>) -> ApiResult<Answer> {
    let schema = caller.session.schema().await?;
    let tables = schema.data.into_iter().map(answer::table).collect();
    Ok(Answer::ok(answer::data(Value::Array(tables), schema.tx)).tx(schema.tx))
}
