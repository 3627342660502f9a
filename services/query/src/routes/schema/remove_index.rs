use ddb_http::{Answer, ApiResult, Caller, IndexPath, Query};

/// `DELETE /api/schema/{table}/indexes/{name}`, for admins.
pub(crate) async fn remove_index(
    IndexPath { table, name }: IndexPath,
    caller: Caller,
    Query(()): Query<()>,
) -> ApiResult<Answer> {
    let removed = caller.session.remove_index(&table, &name).await?;
    Ok(Answer::no_content().tx(removed.tx))
}
