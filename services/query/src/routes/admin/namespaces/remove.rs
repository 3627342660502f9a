use ddb_http::{Answer, ApiResult, Caller, NamespacePath, Query, refusal};

/// Removes a namespace with everything in it
///
/// For root of `main`. The namespace `main` cannot be removed (409).
#[utoipa::path(
    delete,
    path = "/api/admin/namespaces/{namespace}",
    operation_id = "removeNamespace",
    tag = "administration",
    responses(
        (status = NO_CONTENT, description = "The namespace is removed"),
        refusal::Forbidden,
        refusal::Conflict,
    ),
    security(("token" = [])),
)]
pub(crate) async fn remove(NamespacePath(namespace): NamespacePath, caller: Caller, Query(()): Query<()>) -> ApiResult<Answer> {
    caller.session.remove_namespace(&namespace).await?;
    Ok(Answer::no_content())
}
