use ddb_core::Error;
use ddb_core::json::Json;
use ddb_database::Op;
use ddb_http::{Answer, ApiResult, Caller, Fields, Idempotency, Query, UnreadBody, refusal};

use crate::accept::Accept;
use crate::{record_answer, write_answer};

/// Writes several records in one transaction
///
/// Each op sees what the ops before it wrote. If the server refuses one op, it writes nothing; `details` name the op.
#[utoipa::path(
    post,
    path = "/api/mutate",
    operation_id = "mutate",
    tag = "queries",
    request_body = ddb_api::query::Mutation,
    responses(
        (status = OK, description = "The records after the ops", body = ddb_api::query::Mutated),
        refusal::QuotaExceeded,
        refusal::NotFound,
        refusal::NotAcceptable,
        refusal::Conflict,
        refusal::VersionMismatch,
    ),
    security(("token" = [])),
)]
pub(crate) async fn mutate(
    caller: Caller,
    accept: Accept,
    idempotency: Idempotency,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    caller.session.check_mutate()?;
    let (ops, once) = idempotency.read(body, ops).await?;
    let mutate = caller.session.mutate(ops).await?;
    write_answer::of(mutate, once, move |mutated| {
        let warnings = mutated.warnings.iter().map(|(op, warning)| (*op, warning));
        let json = record_answer::results(&mutated.data, warnings, mutated.tx, accept);
        Answer::ok(json).content_type(accept.content_type()).tx(mutated.tx)
    })
    .await
}

fn ops(body: Json) -> ddb_core::Result<Vec<Op>> {
    let mut fields = Fields::of(body)?;
    let ops = fields.take("ops").ok_or_else(|| Error::invalid("ops", "REQUIRED", "`ops` is required"))?;
    fields.end()?;
    Op::parse_all(ops)
}
