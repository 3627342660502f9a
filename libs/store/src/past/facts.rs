//! The facts of one record, found by the index (entity, attribute, tx), so that what is read does not grow with the record's history.

use ddb_core::{Error, ErrorCode, Result, Tx};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::Place;
use super::moment::Entity;
use crate::connection::to_error;
use crate::fold::Fact;

/// For each attribute the newest fact that stands at `from` or behind it and before `until`, in the order of the log.
pub(super) async fn newest(connection: &mut PgConnection, entity: &Entity, from: Place, until: Place) -> Result<Vec<Fact>> {
    let rows = sqlx::query(
        "
        select a.id, f.asserted, f.value, f.tx, f.position, t.time
        from unnest($3::int[]) as a (id)
        cross join lateral (
            select asserted, value, tx, position
            from ddb.triple
            where namespace = $1 and entity = $2 and attribute = a.id
              and tx >= $4 and tx <= $6 and (tx > $4 or position >= $5) and (tx < $6 or position < $7)
            order by tx desc, position desc
            limit 1
        ) f
        join ddb.tx t on t.namespace = $1 and t.tx = f.tx
        order by f.tx, f.position
        ",
    )
    .bind(entity.namespace.0)
    .bind(entity.id)
    .bind(entity.attributes())
    .bind(from.tx.0)
    .bind(from.position)
    .bind(until.tx.0)
    .bind(until.position)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    rows.iter().map(fact).collect()
}

/// Every fact that stands at `from` or behind it and before `until`, in the order of the log.
pub(super) async fn between(connection: &mut PgConnection, entity: &Entity, from: Place, until: Place) -> Result<Vec<Fact>> {
    let rows = sqlx::query(
        "
        select a.id, f.asserted, f.value, f.tx, f.position, t.time
        from unnest($3::int[]) as a (id)
        cross join lateral (
            select asserted, value, tx, position
            from ddb.triple
            where namespace = $1 and entity = $2 and attribute = a.id
              and tx >= $4 and tx <= $6 and (tx > $4 or position >= $5) and (tx < $6 or position < $7)
        ) f
        join ddb.tx t on t.namespace = $1 and t.tx = f.tx
        order by f.tx, f.position
        ",
    )
    .bind(entity.namespace.0)
    .bind(entity.id)
    .bind(entity.attributes())
    .bind(from.tx.0)
    .bind(from.position)
    .bind(until.tx.0)
    .bind(until.position)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    rows.iter().map(fact).collect()
}

/// The newest transactions with a fact that stands at `from` or behind it and before `until`, the newest first.
pub(super) async fn transactions(
    connection: &mut PgConnection,
    entity: &Entity,
    from: Place,
    until: Place,
    limit: usize,
) -> Result<Vec<Tx>> {
    let rows = sqlx::query(
        "
        select distinct f.tx
        from unnest($3::int[]) as a (id)
        cross join lateral (
            select tx
            from ddb.triple
            where namespace = $1 and entity = $2 and attribute = a.id
              and tx >= $4 and tx <= $6 and (tx > $4 or position >= $5) and (tx < $6 or position < $7)
            order by tx desc
            limit $8
        ) f
        order by f.tx desc
        limit $8
        ",
    )
    .bind(entity.namespace.0)
    .bind(entity.id)
    .bind(entity.attributes())
    .bind(from.tx.0)
    .bind(from.position)
    .bind(until.tx.0)
    .bind(until.position)
    .bind(limit as i64)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    rows.iter().map(|row| row.try_get(0).map(Tx).map_err(to_error)).collect()
}

/// The newest transaction with a fact that stands at `from` or behind it and before `until`.
pub(crate) async fn newest_transaction(
    connection: &mut PgConnection,
    entity: &Entity,
    from: Place,
    until: Place,
) -> Result<Option<Tx>> {
    Ok(transactions(connection, entity, from, until, 1).await?.pop())
}

/// A value that is not there any more is never taken for one that never was.
fn fact(row: &PgRow) -> Result<Fact> {
    let fact = Fact::from_row(row, 0).map_err(to_error)?;
    match fact.asserted && fact.value.is_none() {
        true => Err(Error::new(
            ErrorCode::HistoryPruned,
            format!("the values that transaction {} wrote are no longer kept", fact.place.tx),
        )),
        false => Ok(fact),
    }
}
