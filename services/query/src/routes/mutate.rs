use ddb_core::Error;
use ddb_core::json::Json;
use ddb_database::Op;
use ddb_http::{Answer, ApiResult, Caller, Fields, Query, UnreadBody};

use crate::accept::Accept;
use crate::record_answer;

/// `POST /api/mutate` `{"ops":[…]}`
pub(crate) async fn mutate(caller: Caller, accept: Accept, Query(()): Query<()>, body: UnreadBody) -> ApiResult<Answer> {
    caller.session.check_mutate()?;
    let ops = ops(body.json().await?)?;
    let mutated = caller.session.mutate(ops).await?.run().await?;
    let json = record_answer::results(&mutated.data, mutated.tx, accept);
    Ok(Answer::ok(json).content_type(accept.content_type()).tx(mutated.tx))
}

fn ops(body: Json) -> ddb_core::Result<Vec<Op>> {
    let mut fields = Fields::of(body)?;
    let ops = fields.take("ops").ok_or_else(|| Error::invalid("ops", "REQUIRED", "`ops` is required"))?;
    fields.end()?;
    Op::parse_all(ops)
}
