use ddb_database::Patch;
use ddb_http::{Answer, ApiResult, Caller, IfMatch, Query, RecordPath, UnreadBody};

use crate::accept::Accept;
use crate::record_answer;

pub(crate) async fn merge(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    accept: Accept,
    IfMatch(if_match): IfMatch,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    caller.session.check_change(&table, &key)?;
    let patch = Patch::parse(body.json().await?)?;
    let merged = caller.session.merge(&table, &key, patch, if_match)?.run().await?;
    Ok(record_answer::ok(&merged, accept))
}
