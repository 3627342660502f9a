use ddb_core::chain::{Hash, to_hex};
use ddb_core::{Error, RecordId, Result, Tx, Value, json};
use ddb_http::{Answer, ApiResult, Caller, Parameters, Query, TxPath, refusal};
use ddb_store::{AuditFact, AuditTransaction};

use crate::accept::Accept;
use crate::record_answer::{owner, write_name, write_time, write_tx, write_value};

/// Shows a transaction: the facts that the caller may read, and the hashes of all facts
///
/// 404 where the caller may read none of them.
#[utoipa::path(
    get,
    path = "/api/audit/tx/{tx}",
    operation_id = "getTransaction",
    tag = "audit",
    responses(
        (status = OK, description = "The transaction", body = ddb_api::Answer<ddb_api::audit::Transaction>),
        refusal::NotFound,
        refusal::NotAcceptable,
        refusal::HistoryPruned,
    ),
    security((), ("token" = [])),
)]
pub(crate) async fn tx(TxPath(tx): TxPath, caller: Caller, accept: Accept, Query(()): Query<()>) -> ApiResult<Answer> {
    let found = caller.session.audit_transaction(tx).await?;
    let mut out = Vec::with_capacity(1_024 + found.data.leaves.len() * 140);
    out.extend_from_slice(b"{\"data\":");
    write_transaction(&found.data, accept, &mut out);
    write_tx(found.tx, &mut out);
    Ok(Answer::ok(out).content_type(accept.content_type()).tx(found.tx))
}

/// A query parameter that is the number of a transaction.
pub(super) fn take_tx(parameters: &mut Parameters, name: &'static str) -> Result<Option<Tx>> {
    let Some(text) = parameters.take(name) else { return Ok(None) };
    // `parse` alone would take `+5`.
    let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let tx = number.filter(|tx| *tx > 0).map(Tx);
    tx.map(Some).ok_or_else(|| Error::bad_request(format!("`{name}` must be the number of a transaction")))
}

/// `{"tx","time","actor","request_id","namespace","previous","actor_name","leaf_count","root","hash","leaves":[…],"facts":[…]}`
fn write_transaction(transaction: &AuditTransaction, accept: Accept, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"tx\":");
    write_value(&Value::Int(transaction.tx.0), Accept::Plain, out);
    write_name("time", out);
    write_time(transaction.time, accept, out);
    write_name("actor", out);
    write_value(&owner(transaction.actor.as_ref()), accept, out);
    write_name("request_id", out);
    write_value(&transaction.request.clone().map_or(Value::Null, Value::String), accept, out);
    write_name("namespace", out);
    write_value(&Value::Uuid(transaction.namespace), accept, out);
    for (name, hash) in [
        ("previous", &transaction.previous),
        ("actor_name", &transaction.actor_name),
        ("root", &transaction.root),
        ("hash", &transaction.hash),
    ] {
        write_name(name, out);
        write_hash(hash, out);
    }
    write_name("leaf_count", out);
    write_value(&Value::Int(transaction.leaves.len() as i64), Accept::Plain, out);
    write_name("leaves", out);
    write_list(&transaction.leaves, out, write_hash);
    write_name("facts", out);
    write_list(&transaction.facts, out, |fact, out| write_fact(fact, accept, out));
    out.push(b'}');
}

/// `{"position","id","field","action":"assert"|"retract","value"?,"pruned"?:true}`
fn write_fact(fact: &AuditFact, accept: Accept, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"position\":");
    write_value(&Value::Int(i64::from(fact.position)), Accept::Plain, out);
    write_name("id", out);
    write_value(&RecordId::into(fact.record.clone()), accept, out);
    write_name("field", out);
    json::write_string(&fact.field, out);
    write_name("action", out);
    let is_assertion = fact.value.is_some() || fact.is_pruned;
    json::write_string(if is_assertion { "assert" } else { "retract" }, out);
    if let Some(value) = &fact.value {
        write_name("value", out);
        write_value(value, accept, out);
    }
    if fact.is_pruned {
        write_name("pruned", out);
        out.extend_from_slice(b"true");
    }
    out.push(b'}');
}

fn write_hash(hash: &Hash, out: &mut Vec<u8>) {
    json::write_string(&to_hex(hash), out);
}

fn write_list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}
