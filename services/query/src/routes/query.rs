use ddb_database::JsonQuery;
use ddb_http::{Answer, ApiResult, Caller, Query, UnreadBody, refusal};

use crate::accept::Accept;
use crate::record_answer;

/// Reads records of several tables, with the records that they link to
///
/// All results show one state. Each table takes `$where`, `$order`, `$limit`, `$offset`, `$cursor` and `$fields`. Any other key follows a link, or names a
/// table whose records link here.
#[utoipa::path(
    post,
    path = "/api/query",
    operation_id = "query",
    tag = "queries",
    request_body = ddb_api::query::Query,
    responses(
        (status = OK, description = "The records by table", body = ddb_api::query::QueryAnswer),
        refusal::RefusedQuery,
        refusal::NotFound,
        refusal::NotAcceptable,
    ),
    security((), ("token" = [])),
)]
pub(crate) async fn query(caller: Caller, accept: Accept, Query(()): Query<()>, body: UnreadBody) -> ApiResult<Answer> {
    let form = accept.content_type();
    let query = body.read(|json| Ok(caller.session.digested(JsonQuery::parse(json)?, form))).await?;
    let found = caller.session.query_as(query, |result| record_answer::query(result, accept)).await?;
    Ok(Answer::ok(record_answer::with_tx(&found.data, found.tx)).content_type(accept.content_type()).tx(found.tx))
}
