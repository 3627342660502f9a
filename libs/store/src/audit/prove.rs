//! A proof of what a transaction said of a record.

use ddb_core::chain::{self, Hash, Link, Proof, ProvenFact};
use ddb_core::{Error, ErrorCode, NamespaceId, RecordKey, Result, TableId, Tx};
use sqlx::{Executor, PgConnection};

use super::{MAX_LINKS, leaf};
use crate::connection::to_error;
use crate::past::{Entity, Lives, MayRead, Moment, Place, newest_transaction};
use crate::read::Found;
use crate::retention;

/// The facts of transaction `tx` about a record (of the newest one that the caller may read, where None), with the transactions up to `to`; None where there
/// are none that the caller may read.
///
/// All of it is of one state: facts may be dropped meanwhile.
pub(crate) async fn prove(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    record: (TableId, &RecordKey),
    transactions: (Option<Tx>, Option<Tx>),
    may_read: MayRead<'_>,
) -> Result<Found<Option<Proof>>> {
    connection.execute("begin isolation level repeatable read read only").await.map_err(to_error)?;
    let proof = of_state(connection, namespace, record, transactions, may_read).await;
    connection.execute("rollback").await.map_err(to_error)?;
    proof
}

async fn of_state(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    (table, key): (TableId, &RecordKey),
    (tx, to): (Option<Tx>, Option<Tx>),
    may_read: MayRead<'_>,
) -> Result<Found<Option<Proof>>> {
    let Moment { head, .. } = Moment::newest(&mut *connection, namespace).await?;
    let nothing = Found { data: None, tx: head };
    let Some(entity) = Entity::find(&mut *connection, namespace, table, key).await? else { return Ok(nothing) };
    let spans = Lives::of(&mut *connection, namespace, entity.id, head).await?.spans(head, may_read);
    let Some(newest) = spans.first() else { return Ok(nothing) };
    let tx = match tx {
        Some(tx) => Some(tx),
        None => newest_transaction(&mut *connection, &entity, newest.begin, Place::end_of(head).min(newest.until)).await?,
    };
    let Some(tx) = tx else { return Ok(nothing) };
    let Some(header) = leaf::headers(&mut *connection, namespace, (tx, tx), None).await?.pop() else { return Ok(nothing) };
    let pruned = || Error::new(ErrorCode::HistoryPruned, format!("the values that transaction {tx} wrote are no longer kept"));
    if header.is_dropped() {
        return if tx < retention::horizon(connection, namespace, table).await? { Err(pruned()) } else { Ok(nothing) };
    }
    let mut leaves: Vec<Hash> = Vec::new();
    let mut rows = Vec::new();
    leaf::each(&mut *connection, namespace, (tx, tx), None, |row| {
        leaves.push(row.hash);
        if row.entity == entity.id && spans.iter().any(|span| span.shows(row.place, row.asserted)) {
            rows.push(row);
        }
    })
    .await?;
    let Some((record, record_salt)) = rows.first().and_then(|row| row.record.name.clone()) else { return Ok(nothing) };
    let mut facts = Vec::with_capacity(rows.len());
    for row in rows {
        let position = row.place.position as usize;
        let path =
            chain::merkle_proof(&leaves, position).ok_or_else(|| Error::internal("a fact stands beyond its transaction"))?;
        let Some(((table, field), field_salt)) = row.field.name else { continue };
        let value = match (row.asserted, row.value, row.salt) {
            (false, _, _) => None,
            (true, Some(value), Some(salt)) => Some((value, salt)),
            (true, _, _) => return Err(pruned()),
        };
        facts.push(ProvenFact { position: position as u32, table, field, field_salt, value, path });
    }
    let proof = Proof {
        record,
        record_salt,
        actor: header.actor.as_ref().and_then(|actor| actor.name.clone()),
        namespace: leaf::namespace_uuid(&mut *connection, namespace).await?,
        previous: header.previous,
        transaction: header.link(&leaves),
        facts,
        links: links(connection, namespace, (tx, to.unwrap_or(tx)), head).await?,
    };
    if proof.heads().first().map(|head| head.hash) != Some(header.hash) {
        return Err(Error::internal(format!("transaction {tx} is not what was hashed; ddb verify says more")));
    }
    Ok(Found { data: Some(proof), tx: head })
}

/// The transactions behind the first up to the last, hashed anew.
async fn links(connection: &mut PgConnection, namespace: NamespaceId, (tx, to): (Tx, Tx), head: Tx) -> Result<Vec<Link>> {
    if to > head || to < tx {
        return Err(Error::bad_request(format!("`to` must be a transaction from {tx} to {head}")));
    }
    if to.0 - tx.0 > MAX_LINKS {
        return Err(Error::new(ErrorCode::QueryLimit, format!("a proof links {MAX_LINKS} transactions at most")));
    }
    if to == tx {
        return Ok(Vec::new());
    }
    let range = (Tx(tx.0 + 1), to);
    let headers = leaf::headers(&mut *connection, namespace, range, None).await?;
    let mut leaves: Vec<Vec<Hash>> = headers.iter().map(|_| Vec::new()).collect();
    leaf::each(connection, namespace, range, None, |row| {
        let index = usize::try_from(row.place.tx.0 - range.0.0).ok();
        if let Some(leaves) = index.and_then(|index| leaves.get_mut(index)) {
            leaves.push(row.hash);
        }
    })
    .await?;
    Ok(headers.iter().zip(&leaves).map(|(header, leaves)| header.link(leaves)).collect())
}
