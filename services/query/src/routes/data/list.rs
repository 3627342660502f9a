use ddb_core::Result;
use ddb_http::{Answer, ApiResult, Caller, Parameters, Query, QueryParameters, TablePath};

use crate::accept::Accept;
use crate::record_answer;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 1_000;

pub(crate) struct PageOf {
    limit: u32,
    cursor: Option<String>,
}

impl QueryParameters for PageOf {
    fn read(parameters: &mut Parameters) -> Result<Self> {
        Ok(Self {
            limit: parameters.take_number("limit", 1, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT),
            cursor: parameters.take("cursor"),
        })
    }
}

pub(crate) async fn list(
    TablePath(table): TablePath,
    caller: Caller,
    accept: Accept,
    Query(page): Query<PageOf>,
) -> ApiResult<Answer> {
    let found = caller.session.list(&table, page.limit, page.cursor.as_deref()).await?;
    Ok(Answer::ok(record_answer::page(&found.data, found.tx, accept)).content_type(accept.content_type()).tx(found.tx))
}
