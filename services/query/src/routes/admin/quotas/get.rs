use ddb_core::{Error, RecordId, RecordKey, Result, TableName};
use ddb_http::{Answer, ApiResult, Caller, Parameters, Query, QueryParameters, refusal};

use super::shown;

pub(crate) struct Owner(Option<RecordKey>);

impl QueryParameters for Owner {
    fn read(parameters: &mut Parameters) -> Result<Self> {
        let Some(text) = parameters.take("owner") else { return Ok(Self(None)) };
        let id = RecordId::parse(&text)?;
        if id.table != TableName::user() {
            return Err(Error::bad_request("`owner` must be the id of an account, such as `user:…`"));
        }
        Ok(Self(Some(id.key)))
    }
}

/// Shows the quotas of the namespace and of each owner, and how much is used
///
/// For admins.
#[utoipa::path(
    get,
    path = "/api/admin/quotas",
    operation_id = "getQuotas",
    tag = "administration",
    params(ddb_api::admin::QuotaParameters),
    responses(
        (status = OK, description = "The quotas", body = ddb_api::Answer<ddb_api::admin::Quotas>),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
pub(crate) async fn get(caller: Caller, Query(Owner(owner)): Query<Owner>) -> ApiResult<Answer> {
    let state = caller.session.quota(owner.as_ref()).await?;
    Ok(Answer::ok(shown(&state.data, state.tx)).tx(state.tx))
}
