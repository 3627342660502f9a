//! `ddb verify --proof`.

use std::io::Read;
use std::path::Path;

use ddb_core::chain::proof::{Head, Proof, ProvenFact};
use ddb_core::chain::to_hex;
use ddb_core::{Error, Result, Value, canonical};
use serde_json::json;

use crate::output;

/// The most that is read: a proof of a record of 1 MB with a thousand links has 3 MB.
const MAX_BYTES: u64 = 64 << 20;

/// Checks a proof; with `expected` it must lead to that hash.
pub(super) fn run(file: &Path, expected: Option<&str>, as_json: bool) -> Result<()> {
    let proof = Proof::parse(&read(file)?)?;
    proof.verify()?;
    let heads = proof.heads();
    let newest = heads.last().ok_or_else(|| Error::internal("a proof has a hash"))?;
    if let Some(expected) = expected {
        let expected = expected.to_ascii_lowercase();
        if !heads.iter().any(|head| to_hex(&head.hash) == expected) {
            return Err(Error::conflict("the proof does not lead to the expected hash"));
        }
    }
    let is_anchored = expected.is_some();
    output::either(as_json, &outcome(&proof, newest, is_anchored), &sentences(&proof, newest, is_anchored))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let failed = |error: std::io::Error| Error::bad_request(format!("{} cannot be read: {error}", file.display()));
    if file == Path::new("-") {
        std::io::stdin().lock().take(MAX_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        std::fs::File::open(file).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes)).map_err(failed)?;
    }
    Ok(bytes)
}

/// What a fact says; None: that there is no value any more.
fn value(fact: &ProvenFact) -> Option<Value> {
    let (bytes, _) = fact.value.as_ref()?;
    canonical::decode(bytes).ok()
}

fn outcome(proof: &Proof, newest: &Head, is_anchored: bool) -> serde_json::Value {
    let facts: Vec<_> = proof
        .facts
        .iter()
        .map(|fact| {
            let value = value(fact).map(|value| value.to_string());
            json!({ "field": fact.field, "asserted": fact.value.is_some(), "value": value })
        })
        .collect();
    json!({
        "sound": true,
        "record": proof.record.plain().to_string(),
        "tx": proof.transaction.tx.0,
        "time": proof.transaction.time.to_rfc3339(),
        "actor": proof.actor.as_ref().map(|(id, _)| id.plain().to_string()),
        "facts": facts,
        "head": newest.tx.0,
        "head_hash": to_hex(&newest.hash),
        "anchored": is_anchored,
    })
}

fn sentences(proof: &Proof, newest: &Head, is_anchored: bool) -> String {
    let actor = proof.actor.as_ref().map_or("the system".to_owned(), |(id, _)| id.plain().to_string());
    let (tx, time) = (proof.transaction.tx, proof.transaction.time.to_rfc3339());
    let mut lines = vec![format!("{}: transaction {tx} at {time} by {actor} says", proof.record.plain())];
    lines.extend(proof.facts.iter().map(|fact| match value(fact) {
        Some(value) => format!("  {} = {value}", fact.field),
        None => format!("  {} is gone", fact.field),
    }));
    if is_anchored {
        lines.push("sound: it leads to the expected hash".to_owned());
    } else {
        let tx = newest.tx;
        lines.push(format!("sound in itself; compare the hash of transaction {tx} with one that you noted elsewhere:"));
        lines.push(to_hex(&newest.hash));
    }
    lines.join("\n")
}
