use std::collections::HashSet;

use ddb_core::json::{self, Json};
use ddb_core::{Error, ErrorCode, Result, Tx};
use ddb_database::{JsonQuery, OnceKey, Op, QueryResult, Session, Wrote};
use ddb_http::{Answer, ApiResult, Caller, Fields, Idempotency, Query, UnreadBody, refusal, write_error_of_part};
use ddb_store::Record;
use ddb_turns::aside;

use crate::accept::Accept;
use crate::{record_answer, write_answer};

/// Ops of one batch.
const MAX_OPS: usize = 100;
/// Queries of one batch, each of which may take as long as a request.
const MAX_QUERIES: usize = 16;
/// Bytes of an answer behind which no further query is asked.
const MAX_ANSWER: usize = 64 << 20;
/// Bytes of an op's id.
const MAX_ID: usize = 128;

struct Batch {
    ops: Vec<BatchOp>,
    atomic: bool,
}

/// An op, and what the caller calls it.
struct BatchOp {
    id: String,
    what: What,
}

/// What is asked for, or why it cannot be.
enum What {
    Mutate(Result<Vec<Op>>),
    Query(Result<JsonQuery>),
}

/// Runs several mutations and queries in one request
///
/// With `atomic`, which is the default, the mutations are one transaction, and all queries see the same state after it. Without it each op runs alone and has
/// a status of its own.
#[utoipa::path(
    post,
    path = "/api/batch",
    operation_id = "batch",
    tag = "queries",
    request_body = ddb_api::query::Batch,
    responses(
        (status = OK, description = "The results of the ops", body = ddb_api::query::BatchAnswer),
        refusal::RefusedQuery,
        refusal::QuotaExceeded,
        refusal::NotFound,
        refusal::NotAcceptable,
        refusal::Conflict,
        refusal::VersionMismatch,
    ),
    security(("token" = [])),
)]
pub(crate) async fn batch(
    caller: Caller,
    accept: Accept,
    idempotency: Idempotency,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    caller.session.check_mutate()?;
    let (Batch { ops, atomic }, once) = idempotency.read(body, Batch::parse).await?;
    if atomic { at_once(&caller, ops, accept, once).await } else { one_by_one(&caller, ops, accept, once).await }
}

/// All mutations in one transaction: the error of one is that of the request. Then all queries from one state.
async fn at_once(caller: &Caller, ops: Vec<BatchOp>, accept: Accept, once: Option<OnceKey>) -> ApiResult<Answer> {
    let (mut mutations, mut queries, mut ids) = (Vec::new(), Vec::new(), Vec::with_capacity(ops.len()));
    for (index, BatchOp { id, what }) in ops.into_iter().enumerate() {
        match what {
            What::Mutate(_) if !queries.is_empty() => {
                let message = "in an atomic batch the mutations stand before the queries, which see what they did";
                return Err(Error::invalid(format!("ops[{index}].type"), "ORDER", message).into());
            }
            What::Mutate(ops) => mutations.push(ops.map_err(|error| at(index, &id, error))?),
            What::Query(query) => queries.push(query.map_err(|error| at(index, &id, error))?),
        }
        ids.push(id);
    }
    let ids_of_queries = ids.split_off(mutations.len());
    if mutations.is_empty() && !queries.is_empty() {
        let found = caller.session.queries(queries).await?;
        let mut out = Vec::with_capacity(4_096);
        write_queries(caller, 0, &ids_of_queries, found.data, found.tx, accept, &mut out);
        return Ok(answer(out, found.tx, accept));
    }
    let of_errors = ids.clone();
    let batch = caller.session.batch(mutations, move |index, error| at(index, &of_errors[index], error)).await?;
    let of_mutations = ids.len();
    let render = move |written: &Wrote<Vec<Vec<Option<Record>>>>| {
        let mut out = Vec::with_capacity(256);
        let mut begin = 0;
        for (index, (id, records)) in ids.iter().zip(&written.data).enumerate() {
            let ops = begin..begin + records.len();
            let warnings = written.warnings.iter().filter(|(op, _)| ops.contains(op)).map(|(op, warning)| (op - begin, warning));
            begin_result(index, id, 200, &mut out);
            out.extend_from_slice(b",\"data\":");
            out.extend_from_slice(&record_answer::results(records, warnings, written.tx, accept));
            out.push(b'}');
            begin += records.len();
        }
        out
    };
    if queries.is_empty() {
        return write_answer::of(batch, once, move |written| answer(render(written), written.tx, accept)).await;
    }
    // Of a batch with queries only the results of the mutations are kept: the queries are asked anew.
    let (mut out, tx) = match once {
        None => {
            let written = batch.run().await?;
            (render(&written), written.tx)
        }
        Some(once) => {
            let kept = batch.run_once(once, move |written| Answer::ok(render(written)).tx(written.tx).kept()).await?;
            (kept.body, kept.tx.unwrap_or(Tx(0)))
        }
    };
    // What was written stays written, whatever becomes of the queries.
    let (found, state) = match caller.session.queries(queries).await {
        Ok(found) => (found.data, found.tx),
        Err(error) => (ids_of_queries.iter().map(|_| Err(Error::new(error.code(), error.message()))).collect(), tx),
    };
    write_queries(caller, of_mutations, &ids_of_queries, found, state, accept, &mut out);
    Ok(answer(out, tx, accept))
}

/// The results of queries that were asked of one state, the first of which is the op at `first`.
fn write_queries(
    caller: &Caller,
    first: usize,
    ids: &[String],
    found: Vec<Result<QueryResult>>,
    state: Tx,
    accept: Accept,
    out: &mut Vec<u8>,
) {
    for (index, (id, result)) in ids.iter().zip(found).enumerate() {
        let result = result.map(|result| aside(|| record_answer::with_tx(&record_answer::query(&result, accept), state)));
        write_result(caller, first + index, id, result, out);
    }
}

/// Each in a transaction of its own, with a status of its own.
async fn one_by_one(caller: &Caller, ops: Vec<BatchOp>, accept: Accept, once: Option<OnceKey>) -> ApiResult<Answer> {
    let mut out = Vec::with_capacity(256);
    let mut newest = Tx(0);
    for (index, BatchOp { id, what }) in ops.into_iter().enumerate() {
        let part = once.as_ref().zip(i32::try_from(index).ok()).map(|(once, part)| once.part(part));
        let result = match what {
            What::Mutate(ops) => mutate(&caller.session, ops, accept, part).await,
            What::Query(_) if out.len() > MAX_ANSWER => {
                Err(Error::new(ErrorCode::QueryLimit, "the answer of the batch would be too large"))
            }
            What::Query(query) => {
                let found = match query {
                    Ok(query) => caller.session.query(query).await,
                    Err(error) => Err(error),
                };
                found.map(|found| {
                    (aside(|| record_answer::with_tx(&record_answer::query(&found.data, accept), found.tx)), found.tx)
                })
            }
        };
        let result = result.map(|(data, tx)| {
            newest = newest.max(tx);
            data
        });
        write_result(caller, index, &id, result, &mut out);
    }
    if newest == Tx(0) {
        newest = caller.session.mutate(Vec::new()).await?.run().await?.tx;
    }
    Ok(answer(out, newest, accept))
}

/// One mutation: what `/api/mutate` would answer.
async fn mutate(session: &Session, ops: Result<Vec<Op>>, accept: Accept, once: Option<OnceKey>) -> Result<(Vec<u8>, Tx)> {
    let mutate = session.mutate(ops?).await?;
    let Some(once) = once else {
        let written = mutate.run().await?;
        return Ok((mutated(&written, accept), written.tx));
    };
    let answering = mutate.run_once(once, move |written| {
        Answer::ok(mutated(written, accept)).content_type(accept.content_type()).tx(written.tx).kept()
    });
    let kept = answering.await?;
    Ok((kept.body, kept.tx.unwrap_or(Tx(0))))
}

fn mutated(written: &Wrote<Vec<Option<Record>>>, accept: Accept) -> Vec<u8> {
    let warnings = written.warnings.iter().map(|(op, warning)| (*op, warning));
    record_answer::results(&written.data, warnings, written.tx, accept)
}

/// `{"id":…,"status":…,"data":…}`, or with an `error`.
fn write_result(caller: &Caller, index: usize, id: &str, result: Result<Vec<u8>>, out: &mut Vec<u8>) {
    match result {
        Ok(data) => {
            begin_result(index, id, 200, out);
            out.extend_from_slice(b",\"data\":");
            out.extend_from_slice(&data);
        }
        Err(error) => {
            let error = error.in_field(&format!("ops[{index}]"));
            begin_result(index, id, error.code().http_status(), out);
            out.extend_from_slice(b",\"error\":");
            write_error_of_part(&error, &caller.request_id, out);
        }
    }
    out.push(b'}');
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
        let (mut ops, mut ids, mut queries) = (Vec::with_capacity(items.len()), HashSet::new(), 0);
        for (index, item) in items.into_iter().enumerate() {
            let op = BatchOp::parse(item).map_err(|error| error.in_field(&format!("ops[{index}]")))?;
            if !ids.insert(op.id.clone()) {
                return Err(Error::invalid(format!("ops[{index}].id"), "UNIQUE", "each op of a batch has an `id` of its own"));
            }
            queries += usize::from(matches!(op.what, What::Query(_)));
            if queries > MAX_QUERIES {
                return Err(Error::invalid("ops", "RANGE", format!("a batch has at most {MAX_QUERIES} queries")));
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
        let required = |name: &str| Error::invalid(name, "REQUIRED", format!("`{name}` is required"));
        let what = match fields.string("type")?.as_str() {
            "mutate" => What::Mutate(Op::parse_all(fields.take("ops").ok_or_else(|| required("ops"))?)),
            "query" => What::Query(JsonQuery::parse(fields.take("query").ok_or_else(|| required("query"))?)),
            _ => return Err(Error::invalid("type", "UNKNOWN", "`type` must be `mutate` or `query`")),
        };
        fields.end()?;
        Ok(Self { id, what })
    }
}
