//! The names of records that were deleted before the horizon.

use ddb_core::{RecordId, Result, TableName, Tx, attribute};
use sqlx::{PgConnection, Row};

use super::table::Table;
use crate::connection::to_error;
use crate::{dictionary, projection};

/// The records whose deletion the window ending with `until` has seen. What is in the table `user` keeps its name: it may be the author of other records' history.
pub(super) async fn of_deleted(connection: &mut PgConnection, table: &Table, until: Tx) -> Result<Deleted> {
    if table.name == TableName::user() {
        return Ok(Deleted { entities: Vec::new(), until });
    }
    let rows = sqlx::query("select distinct entity from superseded where attribute = $1")
        .bind(attribute::EXISTS.0)
        .fetch_all(connection)
        .await
        .map_err(to_error)?;
    let entities = rows.iter().map(|row| row.try_get(0).map_err(to_error)).collect::<Result<_>>()?;
    Ok(Deleted { entities, until })
}

pub(super) struct Deleted {
    entities: Vec<i64>,
    until: Tx,
}

/// Takes the names out of the dictionary of those that do not exist and have not since: nothing but their names would be left of them. The namespace's lock is
/// held, so that nobody makes one of them meanwhile.
pub(super) async fn forget(connection: &mut PgConnection, table: &Table, deleted: Deleted) -> Result<()> {
    let rows = sqlx::query(
        "
        select e.id, e.key, e.salt
        from unnest($2::bigint[]) as u (id)
        join ddb.entity e on e.namespace = $1 and e.id = u.id and e.key is not null
        where (
            select not asserted and tx <= $4
            from ddb.triple
            where namespace = $1 and entity = e.id and attribute = $3
            order by tx desc, position desc
            limit 1
        )
        ",
    )
    .bind(table.namespace.0)
    .bind(&deleted.entities)
    .bind(attribute::EXISTS.0)
    .bind(deleted.until.0)
    .fetch_all(&mut *connection)
    .await
    .map_err(to_error)?;
    let (mut entities, mut commitments) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in &rows {
        let key = projection::decode_key(row.try_get(1).map_err(to_error)?)?;
        let salt = dictionary::salt(row.try_get(2).map_err(to_error)?)?;
        entities.push(row.try_get::<i64, _>(0).map_err(to_error)?);
        commitments.push(dictionary::entity_commitment(&salt, &RecordId::new(table.name.clone(), key)).to_vec());
    }
    if entities.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "
        update ddb.entity e
        set key = null, exact = null, salt = null, commitment = u.commitment
        from unnest($2::bigint[], $3::bytea[]) as u (id, commitment)
        where e.namespace = $1 and e.id = u.id
        ",
    )
    .bind(table.namespace.0)
    .bind(entities)
    .bind(commitments)
    .execute(connection)
    .await
    .map_err(to_error)?;
    Ok(())
}
