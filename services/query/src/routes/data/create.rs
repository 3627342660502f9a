use ddb_core::json::Json;
use ddb_core::{ErrorCode, Result};
use ddb_database::NewRecord;
use ddb_http::{Answer, ApiResult, Caller, Idempotency, Query, TablePath, UnreadBody};

use crate::accept::Accept;
use crate::{record_answer, write_answer};

pub(crate) async fn create(
    TablePath(table): TablePath,
    caller: Caller,
    accept: Accept,
    idempotency: Idempotency,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    caller.session.check_create(&table)?;
    let (body, once) = idempotency.read(body).await?;
    if let Json::Array(bodies) = body {
        let records = bodies.into_iter().enumerate().map(|(index, body)| record(index, body)).collect::<Result<_>>()?;
        let create = caller.session.create(&table, records).await?;
        return write_answer::of(create, once, move |created| {
            let json = record_answer::many(&created.data, created.tx, accept);
            Answer::created(json).content_type(accept.content_type()).tx(created.tx)
        })
        .await;
    }
    let create = caller.session.create_one(&table, NewRecord::for_create(body)?).await?;
    write_answer::of(create, once, move |created| {
        let json = record_answer::one(&created.data, created.tx, accept);
        Answer::created(json).content_type(accept.content_type()).tx(created.tx).etag(created.data.tx)
    })
    .await
}

/// An error in an array says in which of its records.
fn record(index: usize, body: Json) -> Result<NewRecord> {
    NewRecord::for_create(body).map_err(|error| {
        if error.code() != ErrorCode::ValidationFailed {
            return error;
        }
        error.within(&format!("record {index}"), &index.to_string())
    })
}
