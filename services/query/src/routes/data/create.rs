use ddb_core::json::Json;
use ddb_core::{ErrorCode, Result, TableName};
use ddb_database::NewRecord;
use ddb_http::{Answer, ApiResult, Caller, Idempotency, Query, TablePath, UnreadBody, refusal};

use crate::accept::Accept;
use crate::{record_answer, write_answer};

/// Creates a record, or an array of at most 10,000 records
///
/// The server creates all records of an array or none. The first record makes its table, if the setting `implicit_tables` allows it.
#[utoipa::path(
    post,
    path = "/api/data/{table}",
    operation_id = "createRecords",
    tag = "records",
    request_body = ddb_api::data::NewRecords,
    responses(
        (
            status = CREATED,
            description = "The record or the records",
            body = ddb_api::data::Created,
            headers(("ETag" = String, description = "`\"<tx>\"` of the record's last change, for `If-Match`")),
        ),
        refusal::QuotaExceeded,
        refusal::NotFound,
        refusal::NotAcceptable,
        refusal::Conflict,
    ),
    security(("token" = [])),
)]
pub(crate) async fn create(
    TablePath(table): TablePath,
    caller: Caller,
    accept: Accept,
    idempotency: Idempotency,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    caller.session.check_create(&table)?;
    match idempotency.read(body, |body| NewRecords::parse(&table, body)).await? {
        (NewRecords::Many(records), once) => {
            let create = caller.session.create(&table, records).await?;
            write_answer::of(create, once, move |created| {
                let json = record_answer::many_written(created, accept);
                Answer::created(json).content_type(accept.content_type()).tx(created.tx)
            })
            .await
        }
        (NewRecords::One(record), once) => {
            let create = caller.session.create_one(&table, record).await?;
            write_answer::of(create, once, move |created| record_answer::created(created, accept)).await
        }
    }
}

/// What a body makes.
enum NewRecords {
    One(NewRecord),
    Many(Vec<NewRecord>),
}

impl NewRecords {
    fn parse(table: &TableName, body: Json) -> Result<Self> {
        match body {
            Json::Array(bodies) => {
                let record = |(index, body)| record(table, index, body);
                bodies.into_iter().enumerate().map(record).collect::<Result<_>>().map(Self::Many)
            }
            body => NewRecord::for_create(table, body).map(Self::One),
        }
    }
}

/// An error in an array says in which of its records.
fn record(table: &TableName, index: usize, body: Json) -> Result<NewRecord> {
    NewRecord::for_create(table, body).map_err(|error| {
        if error.code() != ErrorCode::ValidationFailed {
            return error;
        }
        error.within(&format!("record {index}"), &index.to_string())
    })
}
