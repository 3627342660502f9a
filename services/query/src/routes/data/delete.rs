use ddb_http::{Answer, ApiResult, Caller, Idempotency, IfMatch, Query, RecordPath};

use crate::write_answer;

pub(crate) async fn delete(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    IfMatch(if_match): IfMatch,
    idempotency: Idempotency,
    Query(()): Query<()>,
) -> ApiResult<Answer> {
    let delete = caller.session.delete(&table, &key, if_match)?;
    write_answer::of(delete, idempotency.without_body(), |deleted| Answer::no_content().tx(deleted.tx)).await
}
