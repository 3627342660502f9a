use ddb_core::Result;
use ddb_http::{Answer, ApiResult, Caller, Parameters, Query, QueryParameters, RecordPath, refusal};

use crate::accept::Accept;
use crate::history_answer;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 1_000;

pub(crate) struct PageOfHistory {
    limit: u32,
    cursor: Option<String>,
}

impl QueryParameters for PageOfHistory {
    fn read(parameters: &mut Parameters) -> Result<Self> {
        Ok(Self {
            limit: parameters.take_number("limit", 1, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT),
            cursor: parameters.take("cursor"),
        })
    }
}

/// Lists the versions of a record, the newest first
///
/// Each version names the account, the time, and every changed field before and after. The caller sees a version if it may read the record now and as it was
/// then.
#[utoipa::path(
    get,
    path = "/api/data/{table}/{key}/history",
    operation_id = "listVersions",
    tag = "records",
    params(ddb_api::PageParameters),
    responses(
        (status = OK, description = "A page of versions", body = ddb_api::data::Versions),
        refusal::NotFound,
        refusal::NotAcceptable,
        refusal::HistoryPruned,
    ),
    security((), ("token" = [])),
)]
pub(crate) async fn history(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    accept: Accept,
    Query(page): Query<PageOfHistory>,
) -> ApiResult<Answer> {
    let found = caller.session.history(&table, &key, page.limit, page.cursor.as_deref()).await?;
    Ok(Answer::ok(history_answer::page(&found.data, found.tx, accept)).content_type(accept.content_type()).tx(found.tx))
}
