use std::collections::HashSet;

use ddb_core::json::{self, Json};
use ddb_core::{Error, Result, Tx};
use ddb_database::{OnceKey, Op, Session};
use ddb_http::{Answer, ApiResult, Caller, Fields, Idempotency, Query, UnreadBody, write_error_of_part};

use crate::accept::Accept;
use crate::{record_answer, write_answer};

/// Ops of one batch.
const MAX_OPS: usize = 100;
/// Bytes of an op's id.
const MAX_ID: usize = 128;

struct Batch {
    ops: Vec<BatchOp>,
    atomic: bool,
}

/// A mutation, and what the caller calls it.
struct BatchOp {
    id: String,
    ops: Json,
}

/// `POST /api/batch` `{"ops":[{"id","type","ops"}],"atomic"?}`
pub(crate) async fn batch(
    caller: Caller,
    accept: Accept,
    idempotency: Idempotency,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    caller.session.check_mutate()?;
    let (body, once) = idempotency.read(body).await?;
    let Batch { ops, atomic } = Batch::parse(body)?;
    if atomic { at_once(&caller.session, ops, accept, once).await } else { one_by_one(&caller, ops, accept, once).await }
}

/// All in one transaction: the error of an op is that of the request.
async fn at_once(session: &Session, ops: Vec<BatchOp>, accept: Accept, once: Option<OnceKey>) -> ApiResult<Answer> {
    let mut mutations = Vec::with_capacity(ops.len());
    let ids: Vec<String> = ops.iter().map(|op| op.id.clone()).collect();
    for (index, op) in ops.into_iter().enumerate() {
        mutations.push(Op::parse_all(op.ops).map_err(|error| at(index, &ids[index], error))?);
    }
    let of_errors = ids.clone();
    let batch = session.batch(mutations, move |index, error| at(index, &of_errors[index], error)).await?;
    write_answer::of(batch, once, move |written| {
        let mut out = Vec::with_capacity(256);
        for (index, (id, records)) in ids.iter().zip(&written.data).enumerate() {
            begin_result(index, id, 200, &mut out);
            out.extend_from_slice(b",\"data\":");
            out.extend_from_slice(&record_answer::results(records, written.tx, accept));
            out.push(b'}');
        }
        answer(out, written.tx, accept)
    })
    .await
}

/// Each in a transaction of its own, with a status of its own.
async fn one_by_one(caller: &Caller, ops: Vec<BatchOp>, accept: Accept, once: Option<OnceKey>) -> ApiResult<Answer> {
    let mut out = Vec::with_capacity(256);
    let mut newest = Tx(0);
    for (index, BatchOp { id, ops }) in ops.into_iter().enumerate() {
        let part = once.as_ref().zip(i32::try_from(index).ok()).map(|(once, part)| once.part(part));
        match mutate(&caller.session, ops, accept, part).await {
            Ok((data, tx)) => {
                newest = newest.max(tx);
                begin_result(index, &id, 200, &mut out);
                out.extend_from_slice(b",\"data\":");
                out.extend_from_slice(&data);
            }
            Err(error) => {
                let error = error.in_field(&format!("ops[{index}]"));
                begin_result(index, &id, error.code().http_status(), &mut out);
                out.extend_from_slice(b",\"error\":");
                write_error_of_part(&error, &caller.request_id, &mut out);
            }
        }
        out.push(b'}');
    }
    if newest == Tx(0) {
        newest = caller.session.mutate(Vec::new()).await?.run().await?.tx;
    }
    Ok(answer(out, newest, accept))
}

/// One mutation: what `/api/mutate` would answer.
async fn mutate(session: &Session, ops: Json, accept: Accept, once: Option<OnceKey>) -> Result<(Vec<u8>, Tx)> {
    let mutate = session.mutate(Op::parse_all(ops)?).await?;
    let Some(once) = once else {
        let written = mutate.run().await?;
        return Ok((record_answer::results(&written.data, written.tx, accept), written.tx));
    };
    let answering = mutate.run_once(once, move |written| {
        let json = record_answer::results(&written.data, written.tx, accept);
        Answer::ok(json).content_type(accept.content_type()).tx(written.tx).kept()
    });
    let kept = answering.await?;
    Ok((kept.body, kept.tx.unwrap_or(Tx(0))))
}

/// `{"id":…,"status":…`
fn begin_result(index: usize, id: &str, status: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(if index == 0 { b"{\"id\":" } else { b",{\"id\":" });
    json::write_string(id, out);
    out.extend_from_slice(format!(",\"status\":{status}").as_bytes());
}

/// `{"results":[…],"tx":n}`
fn answer(results: Vec<u8>, tx: Tx, accept: Accept) -> Answer {
    let mut out = Vec::with_capacity(results.len() + 64);
    out.extend_from_slice(b"{\"results\":[");
    out.extend_from_slice(&results);
    out.push(b']');
    record_answer::write_tx(tx, &mut out);
    Answer::ok(out).content_type(accept.content_type()).tx(tx)
}

/// An error of the op with this index and id.
fn at(index: usize, id: &str, error: Error) -> Error {
    error.within(&format!("op `{id}`"), &format!("ops[{index}]"))
}

impl Batch {
    fn parse(body: Json) -> Result<Self> {
        let mut fields = Fields::of(body)?;
        let items = match fields.take("ops") {
            Some(Json::Array(items)) if items.len() <= MAX_OPS => items,
            Some(Json::Array(_)) => return Err(Error::invalid("ops", "RANGE", format!("a batch has at most {MAX_OPS} ops"))),
            Some(_) => return Err(Error::invalid("ops", "TYPE", "`ops` must be an array")),
            None => return Err(Error::invalid("ops", "REQUIRED", "`ops` is required")),
        };
        let atomic = match fields.take("atomic") {
            None => true,
            Some(Json::Bool(atomic)) => atomic,
            Some(_) => return Err(Error::invalid("atomic", "TYPE", "`atomic` must be true or false")),
        };
        fields.end()?;
        let (mut ops, mut ids) = (Vec::with_capacity(items.len()), HashSet::new());
        for (index, item) in items.into_iter().enumerate() {
            let op = BatchOp::parse(item).map_err(|error| error.in_field(&format!("ops[{index}]")))?;
            if !ids.insert(op.id.clone()) {
                return Err(Error::invalid(format!("ops[{index}].id"), "UNIQUE", "each op of a batch has an `id` of its own"));
            }
            ops.push(op);
        }
        Ok(Self { ops, atomic })
    }
}

impl BatchOp {
    fn parse(item: Json) -> Result<Self> {
        let mut fields = Fields::of(item).map_err(|_| Error::invalid("", "TYPE", "an op must be an object"))?;
        let id = fields.string("id")?;
        if !(1..=MAX_ID).contains(&id.len()) || id.chars().any(char::is_control) {
            let message = format!("`id` must have 1 to {MAX_ID} bytes and no control characters");
            return Err(Error::invalid("id", "RANGE", message));
        }
        if fields.string("type")? != "mutate" {
            return Err(Error::invalid("type", "UNKNOWN", "`type` must be `mutate`"));
        }
        let ops = fields.take("ops").ok_or_else(|| Error::invalid("ops", "REQUIRED", "`ops` is required"))?;
        fields.end()?;
        Ok(Self { id, ops })
    }
}
