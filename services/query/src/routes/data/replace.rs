use ddb_database::Replacement;
use ddb_http::{Answer, ApiResult, Caller, Idempotency, IfMatch, Query, RecordPath, UnreadBody, refusal};

use crate::accept::Accept;
use crate::{record_answer, write_answer};

/// Replaces all fields of a record
///
/// Fields that the body does not have are removed. A client may send back what it read: a value that reads as the stored kind keeps that kind, and `id`,
/// `_owner`, `_tx`, `created` and `updated` stay. The record expires after `$ttl` seconds; without `$ttl`, a body with `_expires` keeps the expiry, and any
/// other ends it.
#[utoipa::path(
    put,
    path = "/api/data/{table}/{key}",
    operation_id = "replaceRecord",
    tag = "records",
    request_body = ddb_api::data::Replacement,
    responses(
        record_answer::OneRecord,
        refusal::QuotaExceeded,
        refusal::NotFound,
        refusal::NotAcceptable,
        refusal::Conflict,
    ),
    security((), ("token" = [])),
)]
pub(crate) async fn replace(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    accept: Accept,
    IfMatch(if_match): IfMatch,
    idempotency: Idempotency,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    caller.session.check_change(&table, &key)?;
    let (record, once) = idempotency.read(body, Replacement::parse).await?;
    let replace = caller.session.replace(&table, &key, record, if_match).await?;
    write_answer::of(replace, once, move |written| record_answer::written(written, accept)).await
}
