//! Transactions and their facts with all that is hashed of them.

use ddb_core::chain::{self, Hash, Leaf, Link, Salt};
use ddb_core::{Error, NamespaceId, RecordId, RecordKey, Result, TableName, Timestamp, Tx, Uuid};
use futures::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use crate::connection::to_error;
use crate::past::Place;
use crate::{dictionary, projection};

/// A fact and its leaf.
pub(crate) struct LeafRow {
    pub(crate) place: Place,
    pub(crate) entity: i64,
    pub(super) record: Named<RecordId>,
    /// The table of the attribute, which is empty for the system's, and its name.
    pub(super) field: Named<(String, String)>,
    pub(super) asserted: bool,
    /// Whether a commitment stands for what it said.
    pub(crate) is_reduced: bool,
    pub(super) value: Option<Vec<u8>>,
    pub(super) salt: Option<Salt>,
    pub(crate) hash: Hash,
}

/// A name and the salt of its commitment; none where they were removed.
pub(super) struct Named<T> {
    pub(super) name: Option<(T, Salt)>,
    pub(super) commitment: Hash,
}

/// A transaction's own row.
pub(crate) struct HeaderRow {
    pub(crate) tx: Tx,
    pub(super) time: Timestamp,
    /// None: the system.
    pub(super) actor: Option<Named<RecordId>>,
    pub(super) request: Option<String>,
    pub(super) fact_count: i32,
    pub(crate) hash: Hash,
    /// That of the transaction before it; zeros before the first.
    pub(crate) previous: Hash,
    /// Where its facts were dropped.
    pub(super) root: Option<Hash>,
}

impl HeaderRow {
    pub(super) fn actor_name(&self) -> Hash {
        self.actor.as_ref().map_or(chain::NOTHING, |actor| actor.commitment)
    }

    /// Whether its facts are not there any more.
    pub(super) fn is_dropped(&self) -> bool {
        self.root.is_some()
    }

    pub(super) fn actor_key(&self) -> Option<RecordKey> {
        let (id, _) = self.actor.as_ref()?.name.as_ref()?;
        Some(id.key.clone())
    }

    /// What is hashed of it, from its leaves or, where they were dropped, from what stayed of them.
    pub(crate) fn link(&self, leaves: &[Hash]) -> Link {
        let (leaf_count, root) = match self.root {
            Some(root) => (self.fact_count.unsigned_abs(), root),
            None => (leaves.len() as u32, chain::merkle_root(leaves)),
        };
        Link { tx: self.tx, time: self.time, actor_name: self.actor_name(), leaf_count, root }
    }
}

pub(crate) async fn namespace_uuid(connection: &mut PgConnection, namespace: NamespaceId) -> Result<Uuid> {
    let row = sqlx::query("select uuid::text from ddb.namespace where id = $1")
        .bind(namespace.0)
        .fetch_one(connection)
        .await
        .map_err(to_error)?;
    Uuid::parse_str(row.try_get(0).map_err(to_error)?).map_err(Error::internal)
}

/// The rows of the transactions from one to another (`only`: those of them), in their order.
pub(crate) async fn headers(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    (first, last): (Tx, Tx),
    only: Option<&[i64]>,
) -> Result<Vec<HeaderRow>> {
    let rows = sqlx::query(
        "
        select t.tx, t.time, t.actor is not null, t.request_id, t.fact_count, t.hash, d.name, e.key, e.salt, e.commitment, b.hash, t.root
        from ddb.tx t
        left join ddb.tx b on b.namespace = t.namespace and b.tx = t.tx - 1
        left join ddb.entity e on e.namespace = t.namespace and e.id = t.actor
        left join ddb.data_table d on d.namespace = e.namespace and d.id = e.table_id
        where t.namespace = $1 and t.tx between $2 and $3 and ($4::bigint[] is null or t.tx in (select unnest($4)))
        order by t.tx
        ",
    )
    .bind(namespace.0)
    .bind(first.0)
    .bind(last.0)
    .bind(only)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    rows.iter().map(header).collect()
}

fn header(row: &PgRow) -> Result<HeaderRow> {
    let has_actor: bool = row.try_get(2).map_err(to_error)?;
    Ok(HeaderRow {
        tx: Tx(row.try_get(0).map_err(to_error)?),
        time: Timestamp(row.try_get(1).map_err(to_error)?),
        actor: if has_actor { Some(record(row, 6)?) } else { None },
        request: row.try_get(3).map_err(to_error)?,
        fact_count: row.try_get(4).map_err(to_error)?,
        hash: dictionary::hash(row.try_get(5).map_err(to_error)?)?,
        previous: optional_hash(row, 10)?.unwrap_or(chain::GENESIS),
        root: optional_hash(row, 11)?,
    })
}

fn optional_hash(row: &PgRow, column: usize) -> Result<Option<Hash>> {
    row.try_get::<Option<&[u8]>, _>(column).map_err(to_error)?.map(dictionary::hash).transpose()
}

/// Hands every fact of the transactions from one to another (`only`: of those of them) to `take`, in the order of the log, one at a time: their values may be large.
pub(crate) async fn each(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    (first, last): (Tx, Tx),
    only: Option<&[i64]>,
    mut take: impl FnMut(LeafRow) + Send,
) -> Result<()> {
    let mut rows = sqlx::query(
        "
        select f.tx, f.position, f.entity, f.asserted, f.value, f.salt, f.commitment,
               d.name, e.key, e.salt, e.commitment, coalesce(h.name, ''), a.name, a.salt, a.commitment
        from ddb.triple f
        left join ddb.entity e on e.namespace = f.namespace and e.id = f.entity
        left join ddb.data_table d on d.namespace = e.namespace and d.id = e.table_id
        left join ddb.attribute a on a.namespace = f.namespace and a.id = f.attribute
        left join ddb.data_table h on h.namespace = a.namespace and h.id = a.table_id
        where f.namespace = $1 and f.tx between $2 and $3 and ($4::bigint[] is null or f.tx in (select unnest($4)))
        order by f.tx, f.position
        ",
    )
    .bind(namespace.0)
    .bind(first.0)
    .bind(last.0)
    .bind(only)
    .fetch(connection);
    while let Some(row) = rows.try_next().await.map_err(to_error)? {
        take(leaf(&row)?);
    }
    Ok(())
}

fn leaf(row: &PgRow) -> Result<LeafRow> {
    let place = Place { tx: Tx(row.try_get(0).map_err(to_error)?), position: row.try_get(1).map_err(to_error)? };
    let asserted: bool = row.try_get(3).map_err(to_error)?;
    let value: Option<Vec<u8>> = row.try_get(4).map_err(to_error)?;
    let salt = salt(row, 5)?;
    let commitment = match (asserted, &value, salt) {
        (false, _, _) => chain::NOTHING,
        (true, Some(value), Some(salt)) => chain::commitment(&salt, value),
        (true, _, _) => stored(row, 6)?,
    };
    let record = record(row, 7)?;
    let field = field(row, 11)?;
    let hash = Leaf {
        position: place.position as u32,
        entity_name: &record.commitment,
        attribute_name: &field.commitment,
        asserted,
        commitment: &commitment,
    }
    .hash();
    let is_reduced = row.try_get::<Option<&[u8]>, _>(6).map_err(to_error)?.is_some();
    Ok(LeafRow { place, entity: row.try_get(2).map_err(to_error)?, record, field, asserted, is_reduced, value, salt, hash })
}

/// Reads table, key, salt and commitment of an entity.
fn record(row: &PgRow, first: usize) -> Result<Named<RecordId>> {
    let table: Option<&str> = row.try_get(first).map_err(to_error)?;
    let key: Option<&[u8]> = row.try_get(first + 1).map_err(to_error)?;
    match (table, key, salt(row, first + 2)?) {
        (Some(table), Some(key), Some(salt)) => {
            let id = RecordId::new(TableName::parse(table)?, projection::decode_key(key)?);
            let commitment = dictionary::entity_commitment(&salt, &id);
            Ok(Named { name: Some((id, salt)), commitment })
        }
        _ => Ok(Named { name: None, commitment: stored(row, first + 3)? }),
    }
}

/// Reads table, name, salt and commitment of an attribute.
fn field(row: &PgRow, first: usize) -> Result<Named<(String, String)>> {
    let table: String = row.try_get(first).map_err(to_error)?;
    let name: Option<String> = row.try_get(first + 1).map_err(to_error)?;
    match (name, salt(row, first + 2)?) {
        (Some(name), Some(salt)) => {
            let commitment = dictionary::attribute_commitment(&salt, &table, &name);
            Ok(Named { name: Some(((table, name), salt)), commitment })
        }
        _ => Ok(Named { name: None, commitment: stored(row, first + 3)? }),
    }
}

fn salt(row: &PgRow, column: usize) -> Result<Option<Salt>> {
    row.try_get::<Option<&[u8]>, _>(column).map_err(to_error)?.map(dictionary::salt).transpose()
}

/// A commitment that stands for what was removed.
fn stored(row: &PgRow, column: usize) -> Result<Hash> {
    let bytes: Option<&[u8]> = row.try_get(column).map_err(to_error)?;
    dictionary::hash(bytes.ok_or_else(|| Error::internal("something is missing of a fact, and no commitment stands for it"))?)
}
