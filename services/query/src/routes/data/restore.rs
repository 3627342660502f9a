use ddb_core::json::Json;
use ddb_core::{Error, Result, Tx};
use ddb_http::{Answer, ApiResult, Caller, Fields, IfMatch, Query, RecordPath, UnreadBody};

use crate::accept::Accept;
use crate::record_answer;

pub(crate) async fn restore(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    accept: Accept,
    IfMatch(if_match): IfMatch,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    caller.session.check_change(&table, &key)?;
    let tx = tx(body.json().await?)?;
    let restored = caller.session.restore(&table, &key, tx, if_match).await?.run().await?;
    Ok(record_answer::ok(&restored, accept))
}

/// `{"tx":n}`
fn tx(body: Json) -> Result<Tx> {
    let mut fields = Fields::of(body)?;
    let tx = match fields.take("tx") {
        Some(Json::Int(tx)) if tx >= 0 => Tx(tx),
        Some(_) => return Err(Error::invalid("tx", "TYPE", "`tx` must be the number of a transaction")),
        None => return Err(Error::invalid("tx", "REQUIRED", "`tx` is required")),
    };
    fields.end()?;
    Ok(tx)
}
