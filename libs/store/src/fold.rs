//! Facts back to records: what the projection must hold.

use std::collections::{HashMap, VecDeque};

use ddb_core::{
    AttributeId, Datetime, Error, NamespaceId, Object, RecordKey, Result, TableId, Timestamp, Tx, Value, attribute, canonical,
};
use futures::stream::{BoxStream, TryStreamExt};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use crate::connection::to_error;
use crate::past::Place;

/// Values that are folded before a batch is handed on.
const BATCH_BYTES: usize = 4 << 20;

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

/// The bytes of all values that the entities have had.
pub(crate) async fn sizes(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    entities: &[EntityRow],
) -> Result<HashMap<i64, usize>> {
    let ids: Vec<i64> = entities.iter().map(|entity| entity.id).collect();
    let rows = sqlx::query(
        "
        select entity, coalesce(sum(octet_length(value)), 0)::bigint
        from ddb.triple
        where namespace = $1 and entity = any($2)
        group by entity
        ",
    )
    .bind(namespace.0)
    .bind(ids)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get::<i64, _>(1)? as usize)))
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

/// Some entities and the records that their facts make; those that do not exist (any more) have none.
pub(crate) struct Batch {
    pub(crate) entities: Vec<EntityRow>,
    pub(crate) folded: HashMap<i64, Folded>,
}

/// Entities of a table, folded as their facts arrive (without those that are superseded and reduced to commitments) and handed on as soon as a batch is large, so that memory is bounded by bytes: a record has at
/// most 1 MB, its history any length.
pub(crate) struct Batches<'c> {
    facts: BoxStream<'c, Result<PgRow, sqlx::Error>>,
    names: &'c HashMap<AttributeId, String>,
    /// Those that were not handed on yet, by id.
    entities: VecDeque<EntityRow>,
    /// Read already, and of the next batch.
    ahead: Option<(i64, Fact)>,
}

impl<'c> Batches<'c> {
    /// The connection is busy until the last batch. `entities` are in the order of their ids.
    pub(crate) fn of(
        connection: &'c mut PgConnection,
        namespace: NamespaceId,
        entities: Vec<EntityRow>,
        names: &'c HashMap<AttributeId, String>,
    ) -> Self {
        let ids: Vec<i64> = entities.iter().map(|entity| entity.id).collect();
        let facts = sqlx::query(
            "
            select f.entity, f.attribute, f.asserted, f.value, f.tx, f.position, t.time
            from ddb.triple f
            join ddb.tx t on t.namespace = f.namespace and t.tx = f.tx
            where f.namespace = $1 and f.entity = any($2) and f.commitment is null
            order by f.entity, f.tx, f.position
            ",
        )
        .bind(namespace.0)
        .bind(ids)
        .fetch(connection);
        Self { facts, names, entities: entities.into(), ahead: None }
    }

    /// None once every entity was in a batch.
    pub(crate) async fn next(&mut self) -> Result<Option<Batch>> {
        if self.entities.is_empty() {
            return Ok(None);
        }
        let mut folded: HashMap<i64, Option<Folded>> = HashMap::new();
        let existing = |folded: HashMap<i64, Option<Folded>>| {
            folded.into_iter().filter_map(|(entity, record)| Some((entity, record?))).collect()
        };
        let mut current = None;
        let mut bytes = 0;
        loop {
            let Some((entity, fact)) = self.fact().await? else {
                return Ok(Some(Batch { entities: self.entities.drain(..).collect(), folded: existing(folded) }));
            };
            if bytes > BATCH_BYTES && current != Some(entity) {
                self.ahead = Some((entity, fact));
                let complete = self.entities.partition_point(|row| row.id < entity);
                return Ok(Some(Batch { entities: self.entities.drain(..complete).collect(), folded: existing(folded) }));
            }
            bytes += fact.value.as_ref().map_or(0, Vec::len);
            current = Some(entity);
            apply(folded.entry(entity).or_default(), &fact, self.names).map_err(|error| {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                Error::internal(format!("entity {entity}: {}", cause.unwrap_or_else(|| error.to_string())))
            })?;
        }
    }

    async fn fact(&mut self) -> Result<Option<(i64, Fact)>> {
        if self.ahead.is_some() {
            return Ok(self.ahead.take());
        }
        let Some(row) = self.facts.try_next().await.map_err(to_error)? else { return Ok(None) };
        let entity = row.try_get(0).map_err(to_error)?;
        Ok(Some((entity, Fact::from_row(&row, 1).map_err(to_error)?)))
    }
}

/// A fact about some record.
#[derive(Debug)]
pub(crate) struct Fact {
    pub(crate) attribute: AttributeId,
    pub(crate) asserted: bool,
    /// Canonical bytes; None for a retraction, and where the value was removed.
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) place: Place,
    pub(crate) time: Timestamp,
}

impl Fact {
    /// Reads attribute, asserted, value, tx, position and time, the first of which is column `first`.
    pub(crate) fn from_row(row: &PgRow, first: usize) -> Result<Self, sqlx::Error> {
        Ok(Self {
            attribute: AttributeId(row.try_get(first)?),
            asserted: row.try_get(first + 1)?,
            value: row.try_get(first + 2)?,
            place: Place { tx: Tx(row.try_get(first + 3)?), position: row.try_get(first + 4)? },
            time: Timestamp(row.try_get(first + 5)?),
        })
    }

    /// The value that is asserted; None for a retraction.
    pub(crate) fn value(&self) -> Result<Option<Value>> {
        self.value.as_deref().map(canonical::decode).transpose()
    }
}

/// What becomes of a record by its next fact.
pub(crate) fn apply(folded: &mut Option<Folded>, fact: &Fact, names: &HashMap<AttributeId, String>) -> Result<()> {
    let (time, tx) = (fact.time, fact.place.tx);
    if fact.attribute == attribute::EXISTS {
        let record = Folded { fields: Object::new(), owner: None, created: time, updated: time, tx, expires: None };
        *folded = fact.asserted.then_some(record);
        return Ok(());
    }
    // Neither says anything of what the record is: where it existed, its deletion stands before.
    if fact.attribute == attribute::ERASED || fact.attribute == attribute::PRUNED {
        return Ok(());
    }
    let Some(record) = folded else {
        return Err(Error::internal(format!("there is a fact at tx {tx} about a record that does not exist then")));
    };
    record.updated = time;
    record.tx = tx;
    match (fact.attribute, fact.value()?) {
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
