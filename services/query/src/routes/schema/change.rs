use ddb_core::json::Json;
use ddb_core::{Error, Result};
use ddb_http::{Answer, ApiResult, Caller, Fields, Query, TablePath, UnreadBody, refusal};
use ddb_store::retention::History;

use super::answer;

/// Sets how long the past of a table is kept
///
/// For admins. A background job removes what is older. A longer time later does not bring it back.
#[utoipa::path(
    patch,
    path = "/api/schema/{table}",
    operation_id = "changeTable",
    tag = "schema",
    request_body = ddb_api::schema::KeepHistory,
    responses(
        (status = OK, description = "The table", body = ddb_api::Answer<ddb_api::schema::Table>),
        refusal::Forbidden,
        refusal::NotFound,
    ),
    security(("token" = [])),
)]
pub(crate) async fn change(
    TablePath(table): TablePath,
    caller: Caller,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    caller.session.require_admin()?;
    let schema = caller.session.keep_history(&table, read(body.json().await?)?).await?;
    Ok(Answer::ok(answer::data(answer::table(schema.data), schema.tx)).tx(schema.tx))
}

/// None where the namespace's counts.
pub(super) fn read(body: Json) -> Result<Option<History>> {
    let mut members = Fields::of(body)?;
    let history = members.take("history");
    // A misspelt name is told before what is missing.
    members.end()?;
    match history {
        Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => History::parse(&text).map(Some),
        Some(_) => Err(Error::invalid("history", "TYPE", "`history` is `forever`, `none`, or for how long, such as `30d`")),
        None => Err(Error::invalid("history", "REQUIRED", "`history` is required")),
    }
}
