use ddb_core::json::Json;
use ddb_core::{Error, Result};
use ddb_database::{LimitsChange, QuotaChange};
use ddb_http::{Answer, ApiResult, Caller, Fields, Query, UnreadBody, refusal};

use super::shown;

/// Changes the quotas
///
/// For admins; only root changes the quotas of the namespace. Null removes a limit.
#[utoipa::path(
    patch,
    path = "/api/admin/quotas",
    operation_id = "changeQuotas",
    tag = "administration",
    request_body = ddb_api::admin::QuotaChange,
    responses(
        (status = OK, description = "The quotas", body = ddb_api::Answer<ddb_api::admin::Quotas>),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
pub(crate) async fn change(caller: Caller, Query(()): Query<()>, body: UnreadBody) -> ApiResult<Answer> {
    caller.session.require_admin()?;
    let mut fields = Fields::of(body.json().await?)?;
    let change = QuotaChange { namespace: limits(&mut fields, "namespace")?, owner: limits(&mut fields, "owner")? };
    fields.end()?;
    caller.session.change_quota(change).await?;
    let state = caller.session.quota(None).await?;
    Ok(Answer::ok(shown(&state.data, state.tx)).tx(state.tx))
}

fn limits(fields: &mut Fields, name: &str) -> Result<LimitsChange> {
    let Some(body) = fields.take(name) else { return Ok(LimitsChange::default()) };
    let read = || {
        let mut fields = Fields::of(body)?;
        let change = LimitsChange { records: limit(&mut fields, "records")?, bytes: limit(&mut fields, "bytes")? };
        fields.end().map(|()| change)
    };
    read().map_err(|error| error.in_field(name))
}

fn limit(fields: &mut Fields, name: &str) -> Result<Option<Option<i64>>> {
    match fields.take(name) {
        None => Ok(None),
        Some(Json::Null) => Ok(Some(None)),
        Some(Json::Int(limit)) if limit >= 0 => Ok(Some(Some(limit))),
        Some(_) => Err(Error::invalid(name, "TYPE", format!("`{name}` must be a whole number, 0 or more, or null"))),
    }
}
