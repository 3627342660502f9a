use ddb_http::{Answer, ApiResult, Caller, Idempotency, Query, RecordPath};

use crate::accept::Accept;
use crate::{record_answer, write_answer};

/// Takes no body.
pub(crate) async fn undelete(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    accept: Accept,
    idempotency: Idempotency,
    Query(()): Query<()>,
) -> ApiResult<Answer> {
    let undelete = caller.session.undelete(&table, &key)?;
    write_answer::of(undelete, idempotency.without_body(), move |undeleted| record_answer::ok(undeleted, accept)).await
}
