use ddb_core::Error;
use ddb_database::{NewRecord, Replacement};
use ddb_http::{Answer, ApiResult, Caller, CreateOnly, Idempotency, IfMatch, Query, RecordPath, UnreadBody, refusal};

use crate::accept::Accept;
use crate::{record_answer, write_answer};

/// Replaces all fields of a record
///
/// Fields that the body does not have are removed. A client may send back what it read: a value that reads as the stored kind keeps that kind, and `id`,
/// `_owner`, `_tx`, `created` and `updated` stay. The record expires after `$ttl` seconds; without `$ttl`, a body with `_expires` keeps the expiry, and any
/// other ends it. With `If-None-Match: *` the server creates the record instead, and answers 409 if the key is taken.
#[utoipa::path(
    put,
    path = "/api/data/{table}/{key}",
    operation_id = "replaceRecord",
    tag = "records",
    request_body = ddb_api::data::Replacement,
    responses(
        record_answer::OneRecord,
        (
            status = CREATED,
            description = "The record that `If-None-Match: *` created",
            body = ddb_api::data::RecordAnswer,
            headers(("ETag" = String, description = "`\"<tx>\"` of the record's last change, for `If-Match`")),
        ),
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
    (IfMatch(if_match), CreateOnly(create_only)): (IfMatch, CreateOnly),
    idempotency: Idempotency,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    if create_only {
        if if_match.is_some() {
            return Err(Error::bad_request("the headers `if-match` and `if-none-match` exclude each other").into());
        }
        caller.session.check_create(&table)?;
        let (record, once) = idempotency.read(body, |body| NewRecord::for_key(&table, &key, body)).await?;
        let create = caller.session.create_one(&table, record).await?;
        return write_answer::of(create, once, move |created| record_answer::created(created, accept)).await;
    }
    caller.session.check_change(&table, &key)?;
    let (record, once) = idempotency.read(body, Replacement::parse).await?;
    let replace = caller.session.replace(&table, &key, record, if_match).await?;
    write_answer::of(replace, once, move |written| record_answer::written(written, accept)).await
}
