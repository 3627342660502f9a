use ddb_core::chain::to_hex;
use ddb_core::{Datetime, Object, Value, json};
use ddb_http::{Answer, ApiResult, Caller, Query, refusal};

/// Shows the newest transaction and its hash
///
/// For admins. Keep the hash somewhere else: `ddb verify --expect-head` then tells whether somebody cut or rewrote the log.
#[utoipa::path(
    get,
    path = "/api/audit/head",
    operation_id = "getHead",
    tag = "audit",
    responses(
        (status = OK, description = "The head of the log", body = ddb_api::Answer<ddb_api::audit::Head>),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
pub(crate) async fn head(caller: Caller, Query(()): Query<()>) -> ApiResult<Answer> {
    let head = caller.session.audit_head().await?;
    let time = head.time.map_or(Value::Null, |time| Value::Datetime(Datetime::from_timestamp(time)));
    let data = Object::from([
        ("namespace".to_owned(), Value::Uuid(head.namespace)),
        ("tx".to_owned(), Value::Int(head.tx.0)),
        ("time".to_owned(), time),
        ("hash".to_owned(), Value::String(to_hex(&head.hash))),
    ]);
    let mut out = Vec::with_capacity(320);
    let answer = Object::from([("data".to_owned(), Value::Object(data)), ("tx".to_owned(), Value::Int(head.tx.0))]);
    json::write_plain(&Value::Object(answer), &mut out);
    Ok(Answer::ok(out).tx(head.tx))
}
