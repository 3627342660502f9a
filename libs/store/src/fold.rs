//! Facts back to records: what the projection must hold.

use std::collections::HashMap;

use ddb_core::{
    AttributeId, Datetime, Error, NamespaceId, Object, RecordKey, Result, TableId, Timestamp, Tx, Value, attribute, canonical,
};
use sqlx::{PgConnection, Row};

use crate::connection::to_error;

/// A record as its facts have it.
#[derive(Debug, Clone)]
pub(crate) struct Folded {
    pub(crate) fields: Object,
    pub(crate) owner: Option<RecordKey>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) tx: Tx,
    pub(crate) expires: Option<Timestamp>,
}

/// An entity of a table.
pub(crate) struct EntityRow {
    pub(crate) id: i64,
    pub(crate) key: Vec<u8>,
}

/// The entities of a table after `after`, by id.
pub(crate) async fn entities(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    table: TableId,
    after: i64,
    limit: i64,
) -> Result<Vec<EntityRow>> {
    let rows = sqlx::query(
        "
        select id, key
        from ddb.entity
        where namespace = $1 and table_id = $2 and id > $3 and key is not null
        order by id
        limit $4
        ",
    )
    .bind(namespace.0)
    .bind(table.0)
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    rows.iter()
        .map(|row| Ok(EntityRow { id: row.try_get(0)?, key: row.try_get(1)? }))
        .collect::<Result<_, sqlx::Error>>()
        .map_err(to_error)
}

/// The names of the namespace's attributes.
pub(crate) async fn attribute_names(
    connection: &mut PgConnection,
    namespace: NamespaceId,
) -> Result<HashMap<AttributeId, String>> {
    let rows = sqlx::query("select id, name from ddb.attribute where namespace = $1 and name is not null")
        .bind(namespace.0)
        .fetch_all(connection)
        .await
        .map_err(to_error)?;
    rows.iter()
        .map(|row| Ok((AttributeId(row.try_get(0)?), row.try_get(1)?)))
        .collect::<Result<_, sqlx::Error>>()
        .map_err(to_error)
}

/// The records that the entities' facts make, by entity; those that do not exist (any more) are missing.
pub(crate) async fn fold(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    entities: &[EntityRow],
    names: &HashMap<AttributeId, String>,
) -> Result<HashMap<i64, Folded>> {
    let ids: Vec<i64> = entities.iter().map(|entity| entity.id).collect();
    let rows = sqlx::query(
        "
        select f.entity, f.attribute, f.asserted, f.value, f.tx, t.time
        from ddb.triple f
        join ddb.tx t on t.namespace = f.namespace and t.tx = f.tx
        where f.namespace = $1 and f.entity = any($2)
        order by f.entity, f.tx, f.position
        ",
    )
    .bind(namespace.0)
    .bind(ids)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    let mut folded: HashMap<i64, Folded> = HashMap::with_capacity(entities.len());
    for row in rows {
        let entity: i64 = row.try_get(0).map_err(to_error)?;
        let fact = FactRow {
            attribute: AttributeId(row.try_get(1).map_err(to_error)?),
            asserted: row.try_get(2).map_err(to_error)?,
            value: row.try_get(3).map_err(to_error)?,
            tx: Tx(row.try_get(4).map_err(to_error)?),
            time: Timestamp(row.try_get(5).map_err(to_error)?),
        };
        apply(&mut folded, entity, fact, names)?;
    }
    Ok(folded)
}

struct FactRow {
    attribute: AttributeId,
    asserted: bool,
    value: Option<Vec<u8>>,
    tx: Tx,
    time: Timestamp,
}

fn apply(folded: &mut HashMap<i64, Folded>, entity: i64, fact: FactRow, names: &HashMap<AttributeId, String>) -> Result<()> {
    if fact.attribute == attribute::EXISTS {
        if fact.asserted {
            let (created, updated, tx) = (fact.time, fact.time, fact.tx);
            folded.insert(entity, Folded { fields: Object::new(), owner: None, created, updated, tx, expires: None });
        } else {
            folded.remove(&entity);
        }
        return Ok(());
    }
    let Some(record) = folded.get_mut(&entity) else {
        return Err(Error::internal(format!("entity {entity} has a fact at tx {} while it does not exist", fact.tx)));
    };
    record.updated = fact.time;
    record.tx = fact.tx;
    let value = match &fact.value {
        Some(bytes) => Some(canonical::decode(bytes)?),
        None => None,
    };
    match (fact.attribute, value) {
        (attribute::OWNER, Some(Value::Record(owner))) => record.owner = Some(owner.key),
        (attribute::OWNER, _) => record.owner = None,
        (attribute::EXPIRES, Some(Value::Datetime(expires))) => record.expires = Datetime::to_timestamp(expires),
        (attribute::EXPIRES, _) => record.expires = None,
        (id, value) => {
            let name = names.get(&id).ok_or_else(|| Error::internal(format!("attribute {id} has no name")))?;
            match value {
                Some(value) if fact.asserted => {
                    record.fields.insert(name.clone(), value);
                }
                _ => {
                    record.fields.remove(name);
                }
            }
        }
    }
    Ok(())
}
