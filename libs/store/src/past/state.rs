//! A record as it was.

use ddb_core::{Error, ErrorCode, NamespaceId, RecordId, RecordKey, Result, TableId, Tx};
use sqlx::PgConnection;

use super::lives::{Life, Lives};
use super::moment::{self, Entity, Moment};
use super::{Place, facts};
use crate::fold::{self, Folded};
use crate::{Record, retention};

/// A state that a step of a write wants to know besides the record as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    /// At the end of a transaction.
    At(Tx),
    /// Before its deletion; nothing where it exists.
    BeforeDeletion,
}

/// A record as it was.
#[derive(Debug)]
pub struct PastRecord {
    /// Whose it was then: known before anything else of it is looked at.
    pub owner: Option<RecordKey>,
    record: Result<Record>,
}

impl PastRecord {
    /// `HISTORY_PRUNED` where something of it was removed from the log.
    pub fn record(&self) -> Result<&Record> {
        self.record.as_ref().map_err(Error::for_another)
    }
}

/// What a step wants to know of the past of its record, read under the namespace's lock; None where there was no record then.
pub(crate) async fn past(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    (table, id, entity): (TableId, &RecordId, i64),
    past: Past,
) -> Result<Option<PastRecord>> {
    let Moment { head, .. } = Moment::newest(&mut *connection, namespace).await?;
    let lives = Lives::of(&mut *connection, namespace, entity, head).await?;
    let place = match past {
        Past::At(tx) => Some(Place::end_of(tx)),
        Past::BeforeDeletion => lives.last().and_then(|life| life.end),
    };
    let Some(place) = place else { return Ok(None) };
    // The lock is held, so the horizon stays where it is.
    let horizon = retention::horizon(&mut *connection, namespace, table).await?;
    if place < Place::end_of(horizon) {
        let pruned = |life: &Life| PastRecord { owner: life.last_owner().cloned(), record: Err(retention::is_pruned(horizon)) };
        return Ok(lives.last().map(pruned));
    }
    let Some(life) = lives.before(place) else { return Ok(None) };
    let owner = life.owner_before(place).cloned();
    let entity = Entity::of(&mut *connection, namespace, table, entity).await?;
    let record = match before(&mut *connection, &entity, life, place).await {
        Ok(Some(folded)) => Ok(record(folded, id.clone())),
        Ok(None) => return Ok(None),
        Err(error) if error.code() == ErrorCode::HistoryPruned => Err(error),
        Err(error) => return Err(error),
    };
    if let (Past::At(tx), Ok(record)) = (past, &record) {
        let time = moment::time_of(connection, namespace, tx).await?;
        if record.expires.is_some_and(|expires| expires <= time) {
            return Ok(None);
        }
    }
    Ok(Some(PastRecord { owner, record }))
}

/// The record as its facts before `place` have it, which is in `life`.
pub(super) async fn before(connection: &mut PgConnection, entity: &Entity, life: &Life, place: Place) -> Result<Option<Folded>> {
    let mut folded = None;
    for fact in facts::newest(connection, entity, life.begin, place).await? {
        fold::apply(&mut folded, &fact, &entity.names)?;
    }
    Ok(folded)
}

pub(super) fn record(folded: Folded, id: RecordId) -> Record {
    let Folded { fields, owner, created, updated, tx, expires } = folded;
    Record { id, fields, owner, created, updated, tx, expires }
}
