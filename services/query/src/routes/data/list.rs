use ddb_core::json::{self, Json};
use ddb_core::{Error, Object, Result, Value};
use ddb_darshjql::parse_record_id;
use ddb_database::{Count, ListRequest, MAX_LIMIT};
use ddb_http::{Answer, ApiResult, Caller, Parameters, Query, QueryParameters, TablePath, refusal};

use crate::accept::Accept;
use crate::{paths, record_answer};

const DEFAULT_LIMIT: u32 = 50;

/// `where`, `vars`, `order`, `limit`, `cursor`, `fields`, `expand` and `count`.
pub(crate) struct Page(ListRequest);

impl QueryParameters for Page {
    fn read(parameters: &mut Parameters) -> Result<Self> {
        let filter = parameters.take("where").map(|text| ddb_darshjql::parse_filter(&text)).transpose()?;
        let order = parameters.take("order").map(|text| paths::order("order", &text)).transpose()?;
        let expand = parameters.take("expand").map(|text| paths::fields("expand", &text)).transpose()?;
        Ok(Self(ListRequest {
            filter,
            parameters: parameters.take("vars").map(|text| variables(&text)).transpose()?.unwrap_or_default(),
            order: order.unwrap_or_default(),
            limit: parameters.take_number("limit", 1, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT),
            cursor: parameters.take("cursor"),
            fields: parameters.take("fields").map(|text| paths::fields("fields", &text)).transpose()?,
            expand: expand.unwrap_or_default(),
            count: parameters.take("count").map(|text| count(&text)).transpose()?,
        }))
    }
}

/// `{"name": value, …}`; typed values as in bodies.
fn variables(text: &str) -> Result<Object> {
    const FORM: &str = "`vars` must be a JSON object such as `{\"status\":\"active\"}`";
    let json = json::parse(text.as_bytes()).map_err(|error| Error::bad_request(format!("{FORM}: {}", error.message())))?;
    let Json::Object(_) = json else { return Err(Error::bad_request(FORM)) };
    match json::to_value(json, "vars", parse_record_id)? {
        Value::Object(variables) => Ok(variables),
        _ => Err(Error::bad_request(FORM)),
    }
}

fn count(text: &str) -> Result<Count> {
    match text {
        "exact" => Ok(Count::Exact),
        "estimate" => Ok(Count::Estimate),
        _ => Err(Error::bad_request("`count` must be `exact` or `estimate`")),
    }
}

/// Lists the records of a table that the caller may read
///
/// An anonymous caller gets an empty list, and so does a table that does not exist yet. The server uses an index if its first fields are those that `where`
/// compares with `=`. Without an index it looks at 200,000 records at most. `warnings` say what the caller probably
/// wants to know.
#[utoipa::path(
    get,
    path = "/api/data/{table}",
    operation_id = "listRecords",
    tag = "records",
    params(ddb_api::data::ListParameters, ddb_api::PageParameters),
    responses(
        (status = OK, description = "A page of records", body = ddb_api::data::RecordPage),
        refusal::RefusedQuery,
        refusal::NotFound,
        refusal::NotAcceptable,
    ),
    security((), ("token" = [])),
)]
pub(crate) async fn list(
    TablePath(table): TablePath,
    caller: Caller,
    accept: Accept,
    Query(Page(request)): Query<Page>,
) -> ApiResult<Answer> {
    let form = accept.content_type();
    let found = caller.session.list_as(&table, request, form, |page| record_answer::page(page, accept)).await?;
    Ok(Answer::ok(record_answer::with_tx(&found.data, found.tx)).content_type(accept.content_type()).tx(found.tx))
}
