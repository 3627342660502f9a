use ddb_core::{EntityId, Object, RecordKey, Result, Timestamp, Tx, doc, sort_key};

use crate::fold::{EntityRow, Folded};
use crate::index::{IndexColumn, Indexed, column_name};
use crate::statement::Statement;

pub(super) const COLUMNS: &str = "key, entity, doc, owner, created, updated, tx, expires";

/// A row to be written.
pub(crate) struct NewRow<'a> {
    /// The record's key, as its sort key.
    pub(crate) key: Vec<u8>,
    pub(crate) entity: EntityId,
    pub(crate) fields: &'a Object,
    /// The document of the fields.
    pub(crate) doc: String,
    pub(crate) owner: Option<&'a RecordKey>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) tx: Tx,
    pub(crate) expires: Option<Timestamp>,
}

impl<'a> NewRow<'a> {
    /// What index columns are made of.
    pub(super) fn indexed(&self) -> Indexed<'a> {
        Indexed { fields: self.fields, created: self.created, updated: self.updated }
    }

    /// That of a record as its facts say it is.
    pub(crate) fn of(entity: &EntityRow, record: &'a Folded) -> Self {
        Self {
            key: entity.key.clone(),
            entity: EntityId(entity.id),
            fields: &record.fields,
            doc: doc::encode(&record.fields),
            owner: record.owner.as_ref(),
            created: record.created,
            updated: record.updated,
            tx: record.tx,
            expires: record.expires,
        }
    }
}

/// Rows to be written, by column as `unnest` takes them.
pub(crate) struct Rows<'a> {
    columns: &'a [IndexColumn],
    key: Vec<Vec<u8>>,
    entity: Vec<i64>,
    doc: Vec<String>,
    owner: Vec<Option<Vec<u8>>>,
    created: Vec<i64>,
    updated: Vec<i64>,
    tx: Vec<i64>,
    expires: Vec<Option<i64>>,
    /// Of each column that indexes have added.
    indexed: Vec<Vec<Option<Vec<u8>>>>,
}

impl<'a> Rows<'a> {
    /// `columns` are those that indexes have added to the table.
    pub(crate) fn new(columns: &'a [IndexColumn]) -> Self {
        Self {
            columns,
            key: Vec::new(),
            entity: Vec::new(),
            doc: Vec::new(),
            owner: Vec::new(),
            created: Vec::new(),
            updated: Vec::new(),
            tx: Vec::new(),
            expires: Vec::new(),
            indexed: vec![Vec::new(); columns.len()],
        }
    }

    pub(crate) fn push(&mut self, row: NewRow<'_>) -> Result<()> {
        for (column, keys) in self.columns.iter().zip(&mut self.indexed) {
            keys.push(column.key_of(row.indexed()));
        }
        self.key.push(row.key);
        self.entity.push(row.entity.0);
        self.doc.push(row.doc);
        self.owner.push(row.owner.map(sort_key::encode_record_key).transpose()?);
        self.created.push(row.created.0);
        self.updated.push(row.updated.0);
        self.tx.push(row.tx.0);
        self.expires.push(row.expires.map(|expires| expires.0));
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.key.is_empty()
    }

    /// Binds the columns and gives the statement that adds the rows to the projection.
    pub(crate) fn insert(self, statement: &mut Statement, relation: &str) -> Result<String> {
        let indexed = self.indexed_names();
        let source = self.bind(statement)?;
        Ok(format!(
            "insert into {relation} ({COLUMNS}{indexed})
             select u.key, u.entity, u.doc::jsonb, u.owner, u.created, u.updated, u.tx, u.expires{indexed} from {source}"
        ))
    }

    /// Binds the columns and gives the statement that brings the rows with these keys up to date.
    pub(crate) fn update(self, statement: &mut Statement, relation: &str) -> Result<String> {
        let set = |column: &IndexColumn| format!(", {0} = u.{0}", column_name(column.id));
        let indexed: String = self.columns.iter().map(set).collect();
        let source = self.bind(statement)?;
        Ok(format!(
            "update {relation} p
             set doc = u.doc::jsonb, owner = u.owner, created = u.created, updated = u.updated, tx = u.tx,
                 expires = u.expires{indexed}
             from {source}
             where p.key = u.key"
        ))
    }

    fn indexed_names(&self) -> String {
        self.columns.iter().map(|column| format!(", {}", column_name(column.id))).collect()
    }

    /// Binds the columns and gives the rows as a relation `u`.
    fn bind(self, statement: &mut Statement) -> Result<String> {
        let names = self.indexed_names();
        let (key, entity, doc, owner, created, updated, tx, expires) = (
            statement.bind(self.key)?,
            statement.bind(self.entity)?,
            statement.bind(self.doc)?,
            statement.bind(self.owner)?,
            statement.bind(self.created)?,
            statement.bind(self.updated)?,
            statement.bind(self.tx)?,
            statement.bind(self.expires)?,
        );
        let mut indexed = String::new();
        for keys in self.indexed {
            indexed += &format!(", {}::bytea[]", statement.bind(keys)?);
        }
        Ok(format!(
            "unnest(
                 {key}::bytea[], {entity}::bigint[], {doc}::text[], {owner}::bytea[], {created}::bigint[], {updated}::bigint[],
                 {tx}::bigint[], {expires}::bigint[]{indexed}
             ) as u ({COLUMNS}{names})"
        ))
    }
}
