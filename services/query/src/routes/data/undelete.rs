use ddb_http::{Answer, ApiResult, Caller, Query, RecordPath};

use crate::accept::Accept;
use crate::record_answer;

/// Takes no body.
pub(crate) async fn undelete(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    accept: Accept,
    Query(()): Query<()>,
) -> ApiResult<Answer> {
    let undeleted = caller.session.undelete(&table, &key)?.run().await?;
    Ok(record_answer::ok(&undeleted, accept))
}
