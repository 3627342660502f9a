use ddb_core::NamespaceName;
use ddb_http::{Answer, ApiResult, Caller, Fields, Query, UnreadBody, refusal};

use crate::routes::schema::data;

/// Creates a namespace
///
/// For root of `main`.
#[utoipa::path(
    post,
    path = "/api/admin/namespaces",
    operation_id = "createNamespace",
    tag = "administration",
    request_body = ddb_api::admin::NewNamespace,
    responses(
        (status = CREATED, description = "The namespace", body = ddb_api::Answer<ddb_api::admin::Namespace>),
        refusal::Forbidden,
        refusal::Conflict,
    ),
    security(("token" = [])),
)]
pub(crate) async fn create(caller: Caller, Query(()): Query<()>, body: UnreadBody) -> ApiResult<Answer> {
    caller.session.require_root()?;
    let mut fields = Fields::of(body.json().await?)?;
    let name = fields.string("name")?;
    fields.end()?;
    let made = caller.session.create_namespace(&NamespaceName::parse(&name)?).await?;
    Ok(Answer::created(data(super::shown(made.data), made.tx)).tx(made.tx))
}
