//! Defining and removing an index: one short transaction under the lock of the namespace, so that every write after it knows.

use std::sync::Arc;
use std::time::Duration;

use ddb_core::{Error, ErrorCode, FieldName, FieldPath, NamespaceId, RecordKey, Result, TableId, TableName};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use super::{CREATED, Index, IndexSource, Indexes, MAX_INDEX_FIELDS, MAX_INDEXES, TableIndexes, UPDATED, build, column_name};
use crate::connection::to_error;
use crate::transactor::{Making, lock_statement, make_table};
use crate::{Store, namespace, projection};

/// How often a definition is tried while readers hold the table, and how long it waits between.
const ATTEMPTS: u32 = 20;
const RETRY_DELAY: Duration = Duration::from_millis(100);
const MAX_NAME_BYTES: usize = 63;

/// An index that is asked for.
#[derive(Debug, Clone)]
pub struct NewIndex {
    pub table: TableName,
    pub name: String,
    /// Paths of names or `_owner`, `created`, `updated`, each with whether it is descending.
    pub fields: Vec<(String, bool)>,
    pub is_unique: bool,
    pub by: Option<RecordKey>,
}

impl NewIndex {
    /// Gives what its fields say; None for `_owner`.
    fn check(&self) -> Result<Vec<Option<FieldPath>>> {
        if self.fields.is_empty() || self.fields.len() > MAX_INDEX_FIELDS {
            let message = format!("an index has 1 to {MAX_INDEX_FIELDS} fields");
            return Err(Error::invalid("fields", "LENGTH", message));
        }
        let mut paths = Vec::with_capacity(self.fields.len());
        for (position, (field, _)) in self.fields.iter().enumerate() {
            let place = format!("fields[{position}]");
            let path = path(field).map_err(|problem| Error::invalid(&place, "NAME", problem))?;
            if paths.contains(&path) {
                return Err(Error::invalid(place, "DUPLICATE", format!("`{field}` is listed twice")));
            }
            if self.is_unique && path.as_ref().and_then(FieldPath::as_name).is_some_and(|name| matches!(name, CREATED | UPDATED))
            {
                return Err(Error::invalid(place, "UNIQUE", format!("`{field}` cannot be part of a unique index")));
            }
            paths.push(path);
        }
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if self.name.is_empty() || self.name.len() > MAX_NAME_BYTES || !self.name.bytes().all(is_word) {
            let message = "the name of an index has 1 to 63 letters, digits and underscores";
            return Err(Error::invalid("name", "NAME", message));
        }
        Ok(paths)
    }
}

/// What a field of a definition names; None for `_owner`.
fn path(field: &str) -> Result<Option<FieldPath>, String> {
    let path = FieldPath::parse(field)?;
    let first = path.names()[0].as_str();
    match (first, path.as_name()) {
        ("_owner", Some(_)) => Ok(None),
        ("_owner" | "id" | "in" | "out", None) => {
            Err(format!("`{first}` is a link to a record, and an index does not follow links"))
        }
        _ => match FieldName::parse(first) {
            Ok(_) => Ok(Some(path)),
            Err(_) => Err(format!("`{first}` cannot be indexed: it is no field")),
        },
    }
}

impl Store {
    /// Defines an index and, where it does not exist yet, its table. It is built by a job; see [`super::builder`].
    pub async fn define_index(&self, namespace: NamespaceId, new: NewIndex) -> Result<Index> {
        let paths = new.check()?;
        self.check_room()?;
        let mut connection = PgConnection::connect_with(self.options()).await.map_err(to_error)?;
        for _ in 0..ATTEMPTS {
            begin(&mut connection, namespace).await.map_err(|error| if is_locked(&error) { busy() } else { error })?;
            match define(&mut connection, namespace, &new, &paths).await {
                Ok(index) => {
                    commit(&mut connection).await?;
                    let _ = connection.close().await;
                    return Ok(index);
                }
                Err(error) if is_locked(&error) => roll_back(&mut connection).await?,
                Err(error) => {
                    // PostgreSQL has said its last word only then.
                    let _ = roll_back(&mut connection).await;
                    let _ = connection.close().await;
                    return Err(error);
                }
            }
            tokio::time::sleep(RETRY_DELAY).await;
        }
        Err(busy())
    }

    /// Removes an index; false where there is none of that name.
    pub async fn remove_index(&self, namespace: NamespaceId, table: &TableName, name: &str) -> Result<bool> {
        let Some(table) = self.table_id(namespace, table).await? else { return Ok(false) };
        let mut connection = PgConnection::connect_with(self.options()).await.map_err(to_error)?;
        for _ in 0..ATTEMPTS {
            begin(&mut connection, namespace).await.map_err(|error| if is_locked(&error) { busy() } else { error })?;
            match remove(&mut connection, namespace, table, name).await {
                Ok(removed) => {
                    commit(&mut connection).await?;
                    // A read in a snapshot could not plan anew once it has named the column that is gone.
                    self.shapes().forget(namespace, table);
                    let _ = connection.close().await;
                    return Ok(removed);
                }
                Err(error) if is_locked(&error) => roll_back(&mut connection).await?,
                Err(error) => {
                    // PostgreSQL has said its last word only then.
                    let _ = roll_back(&mut connection).await;
                    let _ = connection.close().await;
                    return Err(error);
                }
            }
            tokio::time::sleep(RETRY_DELAY).await;
        }
        Err(busy())
    }
}

fn busy() -> Error {
    Error::unavailable("other requests used the table the whole time, so nothing was changed; try again")
}

async fn begin(connection: &mut PgConnection, namespace: NamespaceId) -> Result<()> {
    let begin = format!("begin isolation level read committed; set local lock_timeout = '5s'; {}", lock_statement(namespace));
    connection.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await.map_err(to_error)?;
    let living = sqlx::query("select from ddb.namespace where id = $1 and removed_at is null").bind(namespace.0);
    if living.fetch_optional(&mut *connection).await.map_err(to_error)?.is_none() {
        return Err(namespace::is_gone());
    }
    // From here on every writer waits for us, so we do not wait for readers.
    connection.execute("set local lock_timeout = '200ms'").await.map_err(to_error)?;
    Ok(())
}

async fn commit(connection: &mut PgConnection) -> Result<()> {
    connection.execute("commit").await.map(|_| ()).map_err(to_error)
}

async fn roll_back(connection: &mut PgConnection) -> Result<()> {
    connection.execute("rollback").await.map(|_| ()).map_err(to_error)
}

/// Whether a lock was not to be had in time.
fn is_locked(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|source| source.downcast_ref::<sqlx::Error>());
    cause.and_then(|cause| cause.as_database_error()).is_some_and(|cause| cause.code().is_some_and(|code| code == "55P03"))
}

async fn define(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    new: &NewIndex,
    paths: &[Option<FieldPath>],
) -> Result<Index> {
    let table = make_table(connection, namespace, &new.table, (new.by.as_ref(), Making::WithDefinition)).await?.id;
    let known = Indexes::load(connection, namespace).await?;
    let of_table = known.of(table).cloned().unwrap_or_default();
    if of_table.indexes.iter().any(|index| index.name == new.name) {
        return Err(Error::conflict(format!("the table already has an index `{}`", new.name)));
    }
    if of_table.indexes.len() >= MAX_INDEXES {
        return Err(Error::new(ErrorCode::QuotaExceeded, format!("a table has at most {MAX_INDEXES} indexes")));
    }
    let mut sources = Vec::with_capacity(paths.len());
    for path in paths {
        sources.push(match path {
            None => IndexSource::Owner,
            Some(path) => match (path.as_name(), of_table.own) {
                (Some(CREATED), own) if !own.created => IndexSource::Created,
                (Some(UPDATED), own) if !own.updated => IndexSource::Updated,
                _ => column_of(connection, namespace, (table, &of_table), path).await?,
            },
        });
    }
    insert(connection, namespace, table, new, &sources).await?;
    raise(connection, namespace).await?;
    let index = find(connection, namespace, table, &new.name).await?;
    build::begin(connection, namespace, &index.0, &index.1).await?;
    Ok(find(connection, namespace, table, &new.name).await?.1)
}

async fn find(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    table: TableId,
    name: &str,
) -> Result<(Arc<TableIndexes>, Index)> {
    let defined = Indexes::load(connection, namespace).await?;
    let of_table = defined.of(table).ok_or_else(|| Error::internal("a table that has just got an index has none"))?;
    let index = of_table.indexes.iter().find(|index| index.name == name);
    Ok((of_table.clone(), index.cloned().ok_or_else(|| Error::internal("an index that was just defined is not there"))?))
}

/// The column of a path, which is made where no other index has it.
async fn column_of(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    (table, known): (TableId, &TableIndexes),
    path: &FieldPath,
) -> Result<IndexSource> {
    if let Some(column) = known.columns.iter().find(|column| column.path == *path) {
        return Ok(IndexSource::Path { path: path.clone(), column: column.id });
    }
    let row = sqlx::query(
        "
        insert into ddb.index_column (namespace, id, table_id, path)
        select $1, newest_column + 1, $2, $3
        from ddb.namespace
        where id = $1
        returning id
        ",
    )
    .bind(namespace.0)
    .bind(table.0)
    .bind(path.to_string())
    .fetch_one(&mut *connection)
    .await
    .map_err(to_error)?;
    let column: i32 = row.try_get(0).map_err(to_error)?;
    sqlx::query("update ddb.namespace set newest_column = newest_column + 1 where id = $1")
        .bind(namespace.0)
        .execute(&mut *connection)
        .await
        .map_err(to_error)?;
    add_column_to_projection(connection, namespace, table, column).await?;
    Ok(IndexSource::Path { path: path.clone(), column })
}

/// Gives an index over the system's times columns for what the names mean, now that records of its table have fields of these names. It has no trees then.
pub(super) async fn adopt(connection: &mut PgConnection, namespace: NamespaceId, index: &Index) -> Result<()> {
    begin(connection, namespace).await?;
    for tree in index.trees(namespace) {
        let drop = format!("drop index if exists ddb_data.{}", tree.name);
        connection.execute(sqlx::raw_sql(AssertSqlSafe(drop))).await.map_err(to_error)?;
    }
    let known = Indexes::load(connection, namespace).await?;
    let of_table = known.of(index.table).cloned().unwrap_or_default();
    // Nothing where the index was removed meanwhile.
    if let Some(index) = of_table.indexes.iter().find(|known| known.id == index.id) {
        let mut sources = Vec::with_capacity(index.parts.len());
        for part in &index.parts {
            sources.push(match part.source.outdated(of_table.own) {
                Some(name) => column_of(connection, namespace, (index.table, &of_table), &FieldPath::name(name)).await?,
                None => part.source.clone(),
            });
        }
        sqlx::query("update ddb.index_definition set fields = $3 where namespace = $1 and id = $2")
            .bind(namespace.0)
            .bind(index.id)
            .bind(sources.iter().map(IndexSource::stored).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await
            .map_err(to_error)?;
        raise(connection, namespace).await?;
    }
    commit(connection).await
}

/// Adds the column of a path to the projection.
pub(crate) async fn add_column_to_projection(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    table: TableId,
    column: i32,
) -> Result<()> {
    let add = format!("alter table {} add column {} bytea", projection::relation(namespace, table), column_name(column));
    connection.execute(sqlx::raw_sql(AssertSqlSafe(add))).await.map_err(to_error)?;
    Ok(())
}

async fn insert(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    table: TableId,
    new: &NewIndex,
    sources: &[IndexSource],
) -> Result<()> {
    sqlx::query(
        "
        insert into ddb.index_definition
            (namespace, id, table_id, name, fields, descending, is_unique, created_at, created_by)
        select $1, n.newest_index + 1, $2, $3, $4, $5, $6, (extract(epoch from clock_timestamp()) * 1000000)::bigint, $7
        from ddb.namespace n
        where n.id = $1
        ",
    )
    .bind(namespace.0)
    .bind(table.0)
    .bind(&new.name)
    .bind(sources.iter().map(IndexSource::stored).collect::<Vec<_>>())
    .bind(new.fields.iter().map(|(_, descending)| *descending).collect::<Vec<_>>())
    .bind(new.is_unique)
    .bind(new.by.as_ref().map(|key| key.literal().to_string()))
    .execute(&mut *connection)
    .await
    .map_err(to_error)?;
    sqlx::query("update ddb.namespace set newest_index = newest_index + 1 where id = $1")
        .bind(namespace.0)
        .execute(connection)
        .await
        .map_err(to_error)?;
    Ok(())
}

/// Columns that no other index needs go with the index.
async fn remove(connection: &mut PgConnection, namespace: NamespaceId, table: TableId, name: &str) -> Result<bool> {
    let known = Indexes::load(connection, namespace).await?;
    let Some(of_table) = known.of(table) else { return Ok(false) };
    let Some(index) = of_table.indexes.iter().find(|index| index.name == name) else { return Ok(false) };
    let relation = projection::relation(namespace, table);
    for tree in index.trees(namespace) {
        let drop = format!("drop index if exists ddb_data.{}", tree.name);
        connection.execute(sqlx::raw_sql(AssertSqlSafe(drop))).await.map_err(to_error)?;
    }
    for part in &index.parts {
        let IndexSource::Path { column, .. } = &part.source else { continue };
        let others = of_table.indexes.iter().filter(|other| other.id != index.id);
        if others.flat_map(|other| &other.parts).any(|other| other.source == part.source) {
            continue;
        }
        sqlx::query("delete from ddb.index_column where namespace = $1 and id = $2")
            .bind(namespace.0)
            .bind(column)
            .execute(&mut *connection)
            .await
            .map_err(to_error)?;
        let drop = format!("alter table {relation} drop column {}", column_name(*column));
        connection.execute(sqlx::raw_sql(AssertSqlSafe(drop))).await.map_err(to_error)?;
    }
    sqlx::query("delete from ddb.index_definition where namespace = $1 and id = $2")
        .bind(namespace.0)
        .bind(index.id)
        .execute(&mut *connection)
        .await
        .map_err(to_error)?;
    raise(connection, namespace).await?;
    Ok(true)
}

/// Tells every process that the definitions have changed.
pub(crate) async fn raise(connection: &mut PgConnection, namespace: NamespaceId) -> Result<()> {
    sqlx::query("update ddb.namespace set definitions = definitions + 1 where id = $1")
        .bind(namespace.0)
        .execute(connection)
        .await
        .map_err(to_error)?;
    Ok(())
}
