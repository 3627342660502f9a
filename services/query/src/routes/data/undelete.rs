use ddb_http::{Answer, ApiResult, Caller, Idempotency, Query, RecordPath, refusal};

use crate::accept::Accept;
use crate::{record_answer, write_answer};

/// Brings back a deleted or expired record
///
/// The record is as it was last, and belongs to the owner that it had. Takes no body.
#[utoipa::path(
    post,
    path = "/api/data/{table}/{key}/undelete",
    operation_id = "undeleteRecord",
    tag = "records",
    responses(
        record_answer::OneRecord,
        refusal::QuotaExceeded,
        refusal::NotFound,
        refusal::NotAcceptable,
        refusal::Conflict,
        refusal::HistoryPruned,
    ),
    security((), ("token" = [])),
)]
pub(crate) async fn undelete(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    accept: Accept,
    idempotency: Idempotency,
    Query(()): Query<()>,
) -> ApiResult<Answer> {
    let undelete = caller.session.undelete(&table, &key).await?;
    write_answer::of(undelete, idempotency.without_body(), move |undeleted| record_answer::written(undeleted, accept)).await
}
