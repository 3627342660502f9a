use ddb_http::{Answer, ApiResult, Caller, Query, RecordPath};

use crate::accept::Accept;
use crate::record_answer;

pub(crate) async fn get(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    accept: Accept,
    Query(()): Query<()>,
) -> ApiResult<Answer> {
    let found = caller.session.get(&table, &key).await?;
    Ok(Answer::ok(record_answer::one(&found.data, found.tx, accept))
        .content_type(accept.content_type())
        .tx(found.tx)
        .etag(found.data.tx))
}
