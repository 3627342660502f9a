use ddb_database::NewRecord;
use ddb_http::{Answer, ApiResult, Caller, IfMatch, Query, RecordPath, UnreadBody};

use crate::accept::Accept;
use crate::record_answer;

pub(crate) async fn replace(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    accept: Accept,
    IfMatch(if_match): IfMatch,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    caller.session.check_change(&table, &key)?;
    let body = body.json().await?;
    let record = NewRecord::for_replace(body)?;
    let replaced = caller.session.replace(&table, &key, record, if_match).await?;
    Ok(Answer::ok(record_answer::one(&replaced.data, replaced.tx, accept))
        .content_type(accept.content_type())
        .tx(replaced.tx)
        .etag(replaced.data.tx))
}
