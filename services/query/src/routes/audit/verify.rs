use ddb_core::chain::from_hex;
use ddb_core::json::Json;
use ddb_core::{Error, Result, Tx};
use ddb_http::{Answer, ApiResult, Caller, Fields, Query, UnreadBody, refusal};

/// Begins to verify the log in the background
///
/// For admins.
#[utoipa::path(
    post,
    path = "/api/audit/verify",
    operation_id = "verify",
    tag = "audit",
    request_body = ddb_api::audit::Verification,
    responses(
        (status = ACCEPTED, description = "The job that verifies", body = ddb_api::audit::Begun),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
pub(crate) async fn verify(caller: Caller, Query(()): Query<()>, body: UnreadBody) -> ApiResult<Answer> {
    caller.session.require_admin()?;
    let mut fields = Fields::of(body.json().await?)?;
    let (from, to) = (take_tx(&mut fields, "from")?, take_tx(&mut fields, "to")?);
    let expected_head = fields.optional_string("expect_head")?;
    fields.end()?;
    let is_hash = |text: &String| from_hex(&text.to_ascii_lowercase()).is_some_and(|bytes| bytes.len() == 64);
    if expected_head.as_ref().is_some_and(|text| !is_hash(text)) {
        return Err(Error::invalid("expect_head", "TYPE", "`expect_head` must be a hash of 128 hexadecimal digits").into());
    }
    let job = caller.session.start_to_verify(from, to, expected_head.as_deref()).await?;
    Ok(Answer::accepted(format!("{{\"job\":{}}}", job.data)).tx(job.tx))
}

fn take_tx(fields: &mut Fields, name: &str) -> Result<Option<Tx>> {
    match fields.take(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Int(tx)) if tx > 0 => Ok(Some(Tx(tx))),
        Some(_) => Err(Error::invalid(name, "TYPE", format!("`{name}` must be the number of a transaction"))),
    }
}
