//! The names behind entity and attribute ids, and the commitments that stand for them in the hash chain.

use std::collections::HashMap;

use ddb_core::chain::{self, Hash, Salt};
use ddb_core::{AttributeId, Error, NamespaceId, RecordId, Result, TableId, attribute};
use sqlx::{PgConnection, Row};

use crate::connection::to_error;

pub(crate) fn new_salt() -> Salt {
    rand::random()
}

/// A salt as PostgreSQL gives it back.
pub(crate) fn salt(bytes: &[u8]) -> Result<Salt> {
    bytes.try_into().map_err(|_| Error::internal("a salt in the database does not have 16 bytes"))
}

/// A hash as PostgreSQL gives it back.
pub(crate) fn hash(bytes: &[u8]) -> Result<Hash> {
    bytes.try_into().map_err(|_| Error::internal("a hash in the database does not have 64 bytes"))
}

/// What stands for an entity in a leaf: a commitment to its full name, `table:key`.
pub(crate) fn entity_commitment(salt: &Salt, id: &RecordId) -> Hash {
    chain::name_commitment(salt, &chain::entity_name(id))
}

/// What stands for an attribute in a leaf: a commitment to the pair of table and field; the table of the system's is empty.
pub(crate) fn attribute_commitment(salt: &Salt, table: &str, name: &str) -> Hash {
    chain::name_commitment(salt, &chain::attribute_name(table, name))
}

/// An attribute's id and what stands for it in leaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attribute {
    pub(crate) id: AttributeId,
    pub(crate) commitment: Hash,
    /// The entity whose share of the table's names it counts against; None: nobody's.
    pub(crate) named_by: Option<i64>,
}

/// The attributes of a namespace, as one process knows them.
#[derive(Default)]
pub(crate) struct Attributes {
    by_name: HashMap<TableId, HashMap<String, Attribute>>,
    system: HashMap<AttributeId, Attribute>,
    newest: i32,
}

impl Attributes {
    pub(crate) fn get(&self, table: TableId, name: &str) -> Option<Attribute> {
        self.by_name.get(&table)?.get(name).copied()
    }

    pub(crate) fn system(&self, id: AttributeId) -> Option<Attribute> {
        self.system.get(&id).copied()
    }

    pub(crate) fn insert(&mut self, table: TableId, name: String, attribute: Attribute) {
        self.newest = self.newest.max(attribute.id.0);
        self.by_name.entry(table).or_default().insert(name, attribute);
    }

    pub(crate) fn count(&self, table: TableId) -> usize {
        self.by_name.get(&table).map_or(0, HashMap::len)
    }

    /// Against whose shares the names of a table count.
    pub(crate) fn named_by(&self, table: TableId) -> impl Iterator<Item = i64> {
        self.by_name.get(&table).into_iter().flat_map(HashMap::values).filter_map(|attribute| attribute.named_by)
    }

    /// The highest id that is known here.
    pub(crate) fn newest(&self) -> i32 {
        self.newest
    }

    /// Adds what other processes have named since.
    pub(crate) async fn load_newer(&mut self, connection: &mut PgConnection, namespace: NamespaceId) -> Result<()> {
        let rows = sqlx::query(
            "
            select a.id, a.table_id, a.name, a.salt, a.named_by, t.name
            from ddb.attribute a
            left join ddb.data_table t on t.namespace = a.namespace and t.id = a.table_id
            where a.namespace = $1 and a.id > $2
            order by a.id
            ",
        )
        .bind(namespace.0)
        .bind(self.newest)
        .fetch_all(connection)
        .await
        .map_err(to_error)?;
        for row in rows {
            let id = AttributeId(row.try_get(0).map_err(to_error)?);
            let table = TableId(row.try_get(1).map_err(to_error)?);
            self.newest = self.newest.max(id.0);
            let Some(name) = row.try_get::<Option<String>, _>(2).map_err(to_error)? else { continue };
            let salt = salt(row.try_get(3).map_err(to_error)?)?;
            let table_name: Option<String> = row.try_get(5).map_err(to_error)?;
            let commitment = attribute_commitment(&salt, table_name.as_deref().unwrap_or_default(), &name);
            let attribute = Attribute { id, commitment, named_by: row.try_get(4).map_err(to_error)? };
            if id < attribute::FIRST_FIELD {
                self.system.insert(id, attribute);
            } else {
                self.insert(table, name, attribute);
            }
        }
        Ok(())
    }
}
