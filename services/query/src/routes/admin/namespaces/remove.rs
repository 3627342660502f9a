use ddb_http::{Answer, ApiResult, Caller, NamespacePath, Query};

/// 204: the namespace is gone with everything in it; 404 where there is none, 409 for `main`.
pub(crate) async fn remove(NamespacePath(namespace): NamespacePath, caller: Caller, Query(()): Query<()>) -> ApiResult<Answer> {
    caller.session.remove_namespace(&namespace).await?;
    Ok(Answer::no_content())
}
