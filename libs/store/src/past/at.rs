//! A record as it was at a transaction or a time.

use ddb_core::{Error, NamespaceId, RecordId, RecordKey, Result, TableId, TableName, Timestamp, Tx};
use sqlx::{PgConnection, Row};

use super::lives::Lives;
use super::moment::{self, Entity, Moment};
use super::{MayRead, Place, state};
use crate::connection::to_error;
use crate::read::Found;
use crate::{Record, retention};

/// A point in the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// When this transaction had been committed and no later one.
    Tx(Tx),
    Time(Timestamp),
}

/// The record as it was, if the caller may read that and the newest state; the transaction is the one that the point comes down to. 400 for a point
/// that is still to come, 410 for one before the table's horizon.
pub(crate) async fn at(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    table: Option<TableId>,
    id: (&TableName, &RecordKey),
    at: At,
    may_read: MayRead<'_>,
) -> Result<Found<Option<Record>>> {
    let moment = Moment::newest(&mut *connection, namespace).await?;
    let (tx, time) = resolve(&mut *connection, namespace, moment, at).await?;
    let nothing = Found { data: None, tx };
    let Some(table) = table else { return Ok(nothing) };
    let Some(entity) = Entity::find(&mut *connection, namespace, table, id.1).await? else { return Ok(nothing) };
    let lives = Lives::of(&mut *connection, namespace, entity.id, moment.head).await?;
    if !lives.may_read_newest(may_read) {
        return Ok(nothing);
    }
    let place = Place::end_of(tx);
    let folded = match lives.before(place).filter(|_| lives.may_read_before(place, may_read)) {
        Some(life) => state::before(&mut *connection, &entity, life, place).await,
        None => Ok(None),
    };
    let horizon = retention::horizon(connection, namespace, table).await?;
    if tx < horizon {
        return Err(retention::is_pruned(horizon));
    }
    let folded = folded?;
    let live = folded.filter(|record| record.expires.is_none_or(|expires| expires > time));
    let (table, key) = id;
    let id = RecordId::new(table.clone(), key.clone());
    Ok(Found { data: live.map(|folded| state::record(folded, id)), tx })
}

/// The transaction that a point comes down to, and the time that expiries are compared with.
async fn resolve(connection: &mut PgConnection, namespace: NamespaceId, moment: Moment, at: At) -> Result<(Tx, Timestamp)> {
    match at {
        At::Tx(tx) if tx > moment.head || tx.0 < 0 => {
            Err(Error::bad_request(format!("there is no transaction {tx} yet; the newest is {}", moment.head)))
        }
        At::Tx(tx) => Ok((tx, moment::time_of(connection, namespace, tx).await?)),
        At::Time(time) if time > moment.now => Err(Error::bad_request("the time is still to come")),
        At::Time(time) => Ok((newest_at(connection, namespace, moment.head, time).await?, time)),
    }
}

/// The newest transaction up to `time`. Numbers have no gaps and times never go back, so halving finds it: twenty look-ups in a million transactions,
/// and no index on the time.
pub(crate) async fn newest_at(connection: &mut PgConnection, namespace: NamespaceId, head: Tx, time: Timestamp) -> Result<Tx> {
    let row = sqlx::query(
        "
        with recursive search (low, high) as (
            select 0::bigint, $2::bigint
            union all
            select
                case when t.time <= $3 then m.middle else s.low end,
                case when t.time <= $3 then s.high else m.middle - 1 end
            from search s
            cross join lateral (select (s.low + s.high + 1) / 2 as middle) m
            join ddb.tx t on t.namespace = $1 and t.tx = m.middle
            where s.low < s.high
        )
        select max(low) from search
        ",
    )
    .bind(namespace.0)
    .bind(head.0)
    .bind(time.0)
    .fetch_one(connection)
    .await
    .map_err(to_error)?;
    row.try_get(0).map(Tx).map_err(to_error)
}
