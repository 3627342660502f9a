//! One transaction: what the caller may read of its facts, and the hashes of all.

use std::collections::HashMap;

use ddb_core::chain::{self, Hash};
use ddb_core::{Error, ErrorCode, NamespaceId, RecordId, RecordKey, Result, Timestamp, Tx, Uuid, Value, canonical};
use sqlx::{PgConnection, Row};

use super::leaf;
use crate::connection::to_error;
use crate::past::{Lives, MayRead, Moment, Span};
use crate::read::Found;

#[derive(Debug, Clone)]
pub struct AuditTransaction {
    pub namespace: Uuid,
    pub tx: Tx,
    pub time: Timestamp,
    /// The key of the account's record in the table `user`; None: the system.
    pub actor: Option<RecordKey>,
    pub actor_name: Hash,
    pub request: Option<String>,
    pub previous: Hash,
    pub root: Hash,
    pub hash: Hash,
    /// Of every fact, in the order of their positions.
    pub leaves: Vec<Hash>,
    /// Those that the caller may read.
    pub facts: Vec<AuditFact>,
}

#[derive(Debug, Clone)]
pub struct AuditFact {
    pub position: i32,
    pub record: RecordId,
    /// `$exists`, `$owner` and `$expires` are the system's.
    pub field: String,
    /// Whether the fact was removed from the log: its commitment alone is left.
    pub is_pruned: bool,
    /// None for a retraction.
    pub value: Option<Value>,
}

/// None where the caller may read nothing of it, or it is still to come.
pub(crate) async fn transaction(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    tx: Tx,
    may_read: MayRead<'_>,
) -> Result<Found<Option<AuditTransaction>>> {
    let Moment { head, .. } = Moment::newest(&mut *connection, namespace).await?;
    let nothing = Found { data: None, tx: head };
    let Some(header) = leaf::headers(&mut *connection, namespace, (tx, tx), None).await?.pop() else { return Ok(nothing) };
    // Who may read what nobody owns may read everything. To others the transaction is one that they may read nothing of.
    if header.is_dropped() && may_read(None) {
        return Err(Error::new(
            ErrorCode::HistoryPruned,
            format!("the facts of transaction {tx} are no longer kept; its hash is"),
        ));
    }
    let spans = spans(&mut *connection, namespace, tx, head, may_read).await?;
    if spans.is_empty() {
        return Ok(nothing);
    }
    let mut leaves = Vec::with_capacity(header.fact_count.max(0) as usize);
    let mut rows = Vec::new();
    leaf::each(&mut *connection, namespace, (tx, tx), None, |row| {
        leaves.push(row.hash);
        let shown = spans.get(&row.entity).is_some_and(|spans| spans.iter().any(|span| span.shows(row.place, row.asserted)));
        if shown {
            rows.push(row);
        }
    })
    .await?;
    let mut facts = Vec::with_capacity(rows.len());
    for row in rows {
        let (Some((record, _)), Some(((_, field), _))) = (row.record.name, row.field.name) else { continue };
        let value = row.value.as_deref().map(canonical::decode).transpose()?;
        let is_pruned = row.asserted && value.is_none();
        facts.push(AuditFact { position: row.place.position, record, field, is_pruned, value });
    }
    if facts.is_empty() {
        return Ok(nothing);
    }
    let transaction = AuditTransaction {
        namespace: leaf::namespace_uuid(&mut *connection, namespace).await?,
        tx,
        time: header.time,
        actor: header.actor_key(),
        actor_name: header.actor_name(),
        previous: header.previous,
        root: chain::merkle_root(&leaves),
        hash: header.hash,
        request: header.request,
        leaves,
        facts,
    };
    Ok(Found { data: Some(transaction), tx: head })
}

/// What the caller may read of the histories of the records that a transaction touches; those of which he may read nothing are left out.
async fn spans(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    tx: Tx,
    head: Tx,
    may_read: MayRead<'_>,
) -> Result<HashMap<i64, Vec<Span>>> {
    let rows = sqlx::query("select distinct entity from ddb.triple where namespace = $1 and tx = $2")
        .bind(namespace.0)
        .bind(tx.0)
        .fetch_all(&mut *connection)
        .await
        .map_err(to_error)?;
    let entities = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>().map_err(to_error)?;
    let lives = Lives::load(connection, namespace, &entities, head).await?;
    let spans = lives.into_iter().map(|(entity, lives)| (entity, lives.spans(head, may_read)));
    Ok(spans.filter(|(_, spans)| !spans.is_empty()).collect())
}
