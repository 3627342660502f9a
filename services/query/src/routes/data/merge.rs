use ddb_database::Patch;
use ddb_http::{Answer, ApiResult, Caller, Idempotency, IfMatch, Query, RecordPath, UnreadBody};

use crate::accept::Accept;
use crate::{record_answer, write_answer};

pub(crate) async fn merge(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    accept: Accept,
    IfMatch(if_match): IfMatch,
    idempotency: Idempotency,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    caller.session.check_change(&table, &key)?;
    let (body, once) = idempotency.read(body).await?;
    let patch = Patch::parse(body)?;
    let merge = caller.session.merge(&table, &key, patch, if_match)?;
    write_answer::of(merge, once, move |written| record_answer::ok(written, accept)).await
}
