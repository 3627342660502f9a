use ddb_http::{Answer, ApiResult, Caller, Idempotency, IfMatch, Query, RecordPath, refusal};

use crate::write_answer;

/// Deletes a record
///
/// The history stays, and `undelete` brings the record back. The record of an account is 409: `DELETE /api/auth/me` deletes the account with its record.
#[utoipa::path(
    delete,
    path = "/api/data/{table}/{key}",
    operation_id = "deleteRecord",
    tag = "records",
    responses(
        (status = NO_CONTENT, description = "The record is deleted"),
        refusal::NotFound,
        refusal::Conflict,
    ),
    security((), ("token" = [])),
)]
pub(crate) async fn delete(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    IfMatch(if_match): IfMatch,
    idempotency: Idempotency,
    Query(()): Query<()>,
) -> ApiResult<Answer> {
    let delete = caller.session.delete(&table, &key, if_match).await?;
    write_answer::of(delete, idempotency.without_body(), |deleted| Answer::no_content().tx(deleted.tx)).await
}
