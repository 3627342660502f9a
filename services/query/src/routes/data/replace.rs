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
    let record = NewRecord::for_replace(body.json().await?)?;
    let replaced = caller.session.replace(&table, &key, record, if_match)?.run().await?;
    Ok(record_answer::ok(&replaced, accept))
}
