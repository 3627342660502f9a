//! What is defined, as one process knows it.

use std::collections::HashMap;
use std::sync::Arc;

use ddb_core::{Error, FieldPath, NamespaceId, Result, TableId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::{CREATED, Index, IndexColumn, IndexPart, IndexSource, IndexState, TableIndexes, UPDATED};
use crate::connection::to_error;

/// Every index of a namespace at one version of its definitions, and the tables with times of their own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Indexes {
    /// `ddb.namespace.definitions`.
    pub(crate) version: i64,
    tables: HashMap<TableId, Arc<TableIndexes>>,
}

impl Indexes {
    pub(crate) fn of(&self, table: TableId) -> Option<&Arc<TableIndexes>> {
        self.tables.get(&table)
    }

    pub(crate) fn get(&self, id: i32) -> Option<&Index> {
        self.tables.values().flat_map(|indexes| &indexes.indexes).find(|index| index.id == id)
    }

    /// Whether writes of the table have to keep something unique.
    pub(crate) fn has_unique(&self, table: TableId) -> bool {
        self.of(table).is_some_and(|indexes| indexes.indexes.iter().any(|index| index.is_unique))
    }

    /// The indexes that are being built, each with all of its table.
    pub(crate) fn building(&self) -> Vec<(Arc<TableIndexes>, Index)> {
        let of_table = |indexes: &Arc<TableIndexes>| {
            let building = indexes.indexes.iter().filter(|index| index.state == IndexState::Building);
            building.map(|index| (indexes.clone(), index.clone())).collect::<Vec<_>>()
        };
        self.tables.values().flat_map(of_table).collect()
    }

    /// Reads version and definitions; both are of one state where the caller holds the namespace's lock or a snapshot.
    pub(crate) async fn load(connection: &mut PgConnection, namespace: NamespaceId) -> Result<Self> {
        let version = version(connection, namespace).await?;
        let mut tables: HashMap<TableId, TableIndexes> = HashMap::new();
        let rows = sqlx::query("select id, table_id, path from ddb.index_column where namespace = $1 order by id")
            .bind(namespace.0)
            .fetch_all(&mut *connection)
            .await
            .map_err(to_error)?;
        for row in &rows {
            let column = IndexColumn { id: row.try_get(0).map_err(to_error)?, path: path(row.try_get(2).map_err(to_error)?)? };
            tables.entry(TableId(row.try_get(1).map_err(to_error)?)).or_default().columns.push(column);
        }
        let rows = sqlx::query(
            "
            select id, table_id, name, fields, descending, is_unique, state, done, total, problem, is_unique and enforced
            from ddb.index_definition
            where namespace = $1
            order by id
            ",
        )
        .bind(namespace.0)
        .fetch_all(&mut *connection)
        .await
        .map_err(to_error)?;
        for row in &rows {
            let table = TableId(row.try_get(1).map_err(to_error)?);
            let of_table = tables.entry(table).or_default();
            let index = index(row, table, &of_table.columns)?;
            of_table.indexes.push(index);
        }
        let rows =
            sqlx::query("select table_id, name from ddb.attribute where namespace = $1 and name in ('created', 'updated')")
                .bind(namespace.0)
                .fetch_all(&mut *connection)
                .await
                .map_err(to_error)?;
        for row in &rows {
            let own = &mut tables.entry(TableId(row.try_get(0).map_err(to_error)?)).or_default().own;
            match row.try_get(1).map_err(to_error)? {
                CREATED => own.created = true,
                UPDATED => own.updated = true,
                _ => {}
            }
        }
        Ok(Self { version, tables: tables.into_iter().map(|(id, indexes)| (id, Arc::new(indexes))).collect() })
    }
}

async fn version(connection: &mut PgConnection, namespace: NamespaceId) -> Result<i64> {
    let row = sqlx::query("select definitions from ddb.namespace where id = $1")
        .bind(namespace.0)
        .fetch_one(connection)
        .await
        .map_err(to_error)?;
    row.try_get(0).map_err(to_error)
}

fn index(row: &PgRow, table: TableId, columns: &[IndexColumn]) -> Result<Index> {
    let fields: Vec<String> = row.try_get(3).map_err(to_error)?;
    let descending: Vec<bool> = row.try_get(4).map_err(to_error)?;
    let state: &str = row.try_get(6).map_err(to_error)?;
    let parts = fields
        .into_iter()
        .zip(descending)
        .map(|(name, descending)| Ok(IndexPart { source: source(name, columns)?, descending }))
        .collect::<Result<_>>()?;
    Ok(Index {
        id: row.try_get(0).map_err(to_error)?,
        table,
        name: row.try_get(2).map_err(to_error)?,
        parts,
        is_unique: row.try_get(5).map_err(to_error)?,
        state: match state {
            "building" => IndexState::Building,
            "ready" => IndexState::Ready,
            "failed" => IndexState::Failed,
            other => return Err(Error::internal(format!("an index has the state {other:?}"))),
        },
        done: row.try_get(7).map_err(to_error)?,
        total: row.try_get(8).map_err(to_error)?,
        problem: row.try_get(9).map_err(to_error)?,
        is_enforced: row.try_get(10).map_err(to_error)?,
    })
}

/// As [`IndexSource::stored`] writes it. No field begins with `$`.
fn source(stored: String, columns: &[IndexColumn]) -> Result<IndexSource> {
    match stored.as_str() {
        "$owner" => Ok(IndexSource::Owner),
        "$created" => Ok(IndexSource::Created),
        "$updated" => Ok(IndexSource::Updated),
        _ => {
            let path = path(&stored)?;
            match columns.iter().find(|column| column.path == path) {
                Some(column) => Ok(IndexSource::Path { path, column: column.id }),
                None => Err(Error::internal(format!("an index is about `{stored}`, which has no column"))),
            }
        }
    }
}

fn path(stored: &str) -> Result<FieldPath> {
    FieldPath::parse(stored).map_err(|problem| Error::internal(format!("an index is about `{stored}`: {problem}")))
}
