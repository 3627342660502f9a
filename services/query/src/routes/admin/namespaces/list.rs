use ddb_core::Value;
use ddb_http::{Answer, ApiResult, Caller, Query, refusal};

use crate::routes::schema::data;

/// Lists the namespaces by name
///
/// For root of `main`.
#[utoipa::path(
    get,
    path = "/api/admin/namespaces",
    operation_id = "listNamespaces",
    tag = "administration",
    responses(
        (status = OK, description = "All namespaces", body = ddb_api::Answer<Vec<ddb_api::admin::Namespace>>),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
pub(crate) async fn list(caller: Caller, Query(()): Query<()>) -> ApiResult<Answer> {
    let namespaces = caller.session.namespaces().await?;
    let shown = namespaces.data.into_iter().map(super::shown).collect();
    Ok(Answer::ok(data(Value::Array(shown), namespaces.tx)).tx(namespaces.tx))
}
