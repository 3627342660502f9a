use ddb_core::json::Json;
use ddb_core::{Error, Result, Tx};
use ddb_http::{Answer, ApiResult, Caller, Fields, Idempotency, IfMatch, Query, RecordPath, UnreadBody, refusal};

use crate::accept::Accept;
use crate::{record_answer, write_answer};

/// Restores a record as it was after a transaction
///
/// The server writes the old fields and the old expiry as a new version. The versions in between stay in the history.
#[utoipa::path(
    post,
    path = "/api/data/{table}/{key}/restore",
    operation_id = "restoreRecord",
    tag = "records",
    request_body = ddb_api::data::Restore,
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
pub(crate) async fn restore(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    accept: Accept,
    IfMatch(if_match): IfMatch,
    idempotency: Idempotency,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    caller.session.check_change(&table, &key)?;
    let (tx, once) = idempotency.read(body, tx).await?;
    let restore = caller.session.restore(&table, &key, tx, if_match).await?;
    write_answer::of(restore, once, move |written| record_answer::written(written, accept)).await
}

/// `{"tx":n}`
fn tx(body: Json) -> Result<Tx> {
    let mut fields = Fields::of(body)?;
    let tx = match fields.take("tx") {
        Some(Json::Int(tx)) if tx >= 0 => Tx(tx),
        Some(_) => return Err(Error::invalid("tx", "TYPE", "`tx` must be the number of a transaction")),
        None => return Err(Error::invalid("tx", "REQUIRED", "`tx` is required")),
    };
    fields.end()?;
    Ok(tx)
}
