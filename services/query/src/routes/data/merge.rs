use ddb_database::Patch;
use ddb_http::{Answer, ApiResult, Caller, Idempotency, IfMatch, Query, RecordPath, UnreadBody, refusal};

use crate::accept::Accept;
use crate::{record_answer, write_answer};

/// Changes fields of a record
///
/// Fields that the body does not have stay (RFC 7396). `null` removes a field. A body that changes nothing makes no transaction. A value that reads as the
/// stored kind keeps that kind, so a client may send back what it read.
#[utoipa::path(
    patch,
    path = "/api/data/{table}/{key}",
    operation_id = "mergeRecord",
    tag = "records",
    request_body = ddb_api::data::Patch,
    responses(
        record_answer::OneRecord,
        refusal::QuotaExceeded,
        refusal::NotFound,
        refusal::NotAcceptable,
        refusal::Conflict,
    ),
    security((), ("token" = [])),
)]
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
    let (patch, once) = idempotency.read(body, Patch::parse).await?;
    let merge = caller.session.merge(&table, &key, patch, if_match).await?;
    write_answer::of(merge, once, move |written| record_answer::written(written, accept)).await
}
