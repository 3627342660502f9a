use ddb_http::{Answer, ApiResult, Caller, IndexPath, Query, refusal};

/// Removes an index
///
/// For admins.
#[utoipa::path(
    delete,
    path = "/api/schema/{table}/indexes/{name}",
    operation_id = "removeIndex",
    tag = "schema",
    responses(
        (status = NO_CONTENT, description = "The index is removed"),
        refusal::Forbidden,
        refusal::NotFound,
    ),
    security(("token" = [])),
)]
pub(crate) async fn remove_index(
    IndexPath { table, name }: IndexPath,
    caller: Caller,
    Query(()): Query<()>,
) -> ApiResult<Answer> {
    let removed = caller.session.remove_index(&table, &name).await?;
    Ok(Answer::no_content().tx(removed.tx))
}
