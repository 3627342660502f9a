use ddb_core::{Result, Tx, json};
use ddb_http::{Answer, ApiResult, Caller, Parameters, Query, QueryParameters, RecordPath, refusal};

use super::tx::take_tx;

pub(crate) struct Range {
    tx: Option<Tx>,
    to: Option<Tx>,
}

impl QueryParameters for Range {
    fn read(parameters: &mut Parameters) -> Result<Self> {
        Ok(Self { tx: take_tx(parameters, "tx")?, to: take_tx(parameters, "to")? })
    }
}

/// Shows a proof of what a transaction wrote to a record
///
/// `ddb verify --proof FILE` checks the proof without the server.
#[utoipa::path(
    get,
    path = "/api/audit/proof/{table}/{key}",
    operation_id = "getProof",
    tag = "audit",
    params(ddb_api::audit::ProofParameters),
    responses(
        (status = OK, description = "The proof", body = ddb_api::audit::Proof),
        refusal::RefusedQuery,
        refusal::Forbidden,
        refusal::NotFound,
        refusal::HistoryPruned,
    ),
    security((), ("token" = [])),
)]
pub(crate) async fn proof(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    Query(Range { tx, to }): Query<Range>,
) -> ApiResult<Answer> {
    let proof = caller.session.prove(&table, &key, tx, to).await?;
    let mut out = Vec::with_capacity(4_096);
    json::write_plain(&proof.data.to_value(), &mut out);
    Ok(Answer::ok(out).tx(proof.tx))
}
