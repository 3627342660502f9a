use ddb_core::json::Json;
use ddb_core::{Error, ErrorCode, Result};
use ddb_database::NewRecord;
use ddb_http::{Answer, ApiResult, Caller, Query, TablePath, UnreadBody};

use crate::accept::Accept;
use crate::record_answer;

pub(crate) async fn create(
    TablePath(table): TablePath,
    caller: Caller,
    accept: Accept,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    caller.session.check_create(&table)?;
    let body = body.json().await?;
    if let Json::Array(bodies) = body {
        let records = bodies.into_iter().enumerate().map(|(index, body)| record(index, body)).collect::<Result<_>>()?;
        let created = caller.session.create(&table, records).await?.run().await?;
        let json = record_answer::many(&created.data, created.tx, accept);
        return Ok(Answer::created(json).content_type(accept.content_type()).tx(created.tx));
    }
    let mut created = caller.session.create(&table, vec![NewRecord::for_create(body)?]).await?.run().await?;
    let record = created.data.pop().ok_or_else(|| Error::internal("the create gave no record"))?;
    let json = record_answer::one(&record, created.tx, accept);
    Ok(Answer::created(json).content_type(accept.content_type()).tx(created.tx).etag(record.tx))
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
