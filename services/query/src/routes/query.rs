use ddb_http::{Answer, ApiResult, Caller, JsonBody, Query};

use crate::accept::Accept;
use crate::record_answer;

/// Bytes of a query.
const MAX_BYTES: usize = 1 << 20;

/// `POST /api/query` `{"tasks":{"$where":{…},"$order":{…},"$limit":20,"project":{}},…}`: several tables in one state, with what their records lead to.
pub(crate) async fn query(
    caller: Caller,
    accept: Accept,
    Query(()): Query<()>,
    JsonBody(body): JsonBody<MAX_BYTES>,
) -> ApiResult<Answer> {
    let form = accept.content_type();
    let found = caller.session.query_as(body, form, |result| record_answer::query(result, accept)).await?;
    Ok(Answer::ok(record_answer::with_tx(&found.data, found.tx)).content_type(accept.content_type()).tx(found.tx))
}
