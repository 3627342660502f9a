use ddb_core::{Result, Value};
use ddb_http::{Answer, ApiResult, Caller, Parameters, Query, QueryParameters, refusal};
use ddb_store::erasure::Erasure;

use crate::accept::Accept;
use crate::record_answer::{owner, write_name, write_next_cursor, write_time, write_tx, write_value};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 1_000;

pub(crate) struct PageOfErasures {
    limit: u32,
    cursor: Option<String>,
}

impl QueryParameters for PageOfErasures {
    fn read(parameters: &mut Parameters) -> Result<Self> {
        let limit = parameters.take_number("limit", 1, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
        Ok(Self { limit, cursor: parameters.take("cursor") })
    }
}

/// Lists the erasures, the newest first
///
/// For admins.
#[utoipa::path(
    get,
    path = "/api/admin/erasures",
    operation_id = "listErasures",
    tag = "administration",
    params(ddb_api::PageParameters),
    responses(
        (status = OK, description = "A page of erasures", body = ddb_api::Page<ddb_api::admin::Erasure>),
        refusal::Forbidden,
        refusal::NotAcceptable,
    ),
    security(("token" = [])),
)]
pub(crate) async fn erasures(caller: Caller, accept: Accept, Query(page): Query<PageOfErasures>) -> ApiResult<Answer> {
    let found = caller.session.erasures(page.limit, page.cursor.as_deref()).await?;
    let mut out = Vec::with_capacity(128 + found.data.erasures.len() * 256);
    out.extend_from_slice(b"{\"data\":[");
    for (index, erasure) in found.data.erasures.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_erasure(erasure, accept, &mut out);
    }
    out.push(b']');
    write_next_cursor(found.data.next_cursor.as_deref(), &mut out);
    write_tx(found.tx, &mut out);
    Ok(Answer::ok(out).content_type(accept.content_type()).tx(found.tx))
}

fn write_erasure(erasure: &Erasure, accept: Accept, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"tx\":");
    write_value(&Value::Int(erasure.tx.0), Accept::Plain, out);
    write_name("time", out);
    write_time(erasure.time, accept, out);
    write_name("actor", out);
    write_value(&owner(erasure.actor.as_ref()), accept, out);
    write_name("request_id", out);
    write_value(&erasure.request.clone().map_or(Value::Null, Value::String), accept, out);
    write_name("reason", out);
    write_value(&erasure.reason.as_str().into(), accept, out);
    write_name("user", out);
    write_value(&Value::Bool(erasure.is_account), accept, out);
    write_name("records", out);
    write_value(&Value::Int(erasure.records), Accept::Plain, out);
    write_name("finished", out);
    match erasure.finished {
        Some(finished) => write_time(finished, accept, out),
        None => out.extend_from_slice(b"null"),
    }
    out.push(b'}');
}
