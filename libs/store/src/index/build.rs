//! Building an index: the rows that were there before its definition get their columns, then the B-trees are built.

use std::time::Duration;

use ddb_core::{Error, ErrorCode, NamespaceId, Result, doc};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use super::{Index, IndexColumn, IndexSource, IndexState, Indexes, TableIndexes, column_name, definition};
use crate::connection::to_error;
use crate::job::Recurring;
use crate::transactor::lock_statement;
use crate::{Store, namespace, projection};

/// How often a process looks for indexes to build.
const EVERY: Duration = Duration::from_secs(1);
/// Rows that get their columns in one transaction. Writers of these rows wait for it.
const CHUNK: i64 = 500;
/// The greatest of the sort keys that do not collide in a unique index: that of null.
const NULL_KEY: &str = "'\\x18'::bytea";
/// Tables of at most so many rows and bytes are indexed at once, in the transaction of the definition.
const AT_ONCE: i64 = 1_000;
const UNIQUE_AT_ONCE: i64 = 20_000;
const AT_ONCE_BYTES: i64 = 64 << 20;

/// Builds what is defined and not built yet, as a job.
pub fn builder() -> Recurring {
    Recurring { kind: "index", every: EVERY, run: Box::new(|store| Box::pin(async move { build_all(&store).await })) }
}

/// A B-tree of an index.
pub(super) struct Tree {
    pub(super) name: String,
    /// From `using` on.
    definition: String,
    is_unique: bool,
}

impl Tree {
    fn create(&self, relation: &str, concurrently: bool) -> String {
        let unique = if self.is_unique { "unique " } else { "" };
        let concurrently = if concurrently { "concurrently " } else { "" };
        format!("create {unique}index {concurrently}{} on {relation} {}", self.name, self.definition)
    }
}

impl Index {
    /// One over all records, and one with the owner before everything else: callers who see their own records only read a range of it.
    pub(super) fn trees(&self, namespace: NamespaceId) -> Vec<Tree> {
        let parts: Vec<String> = self
            .parts
            .iter()
            .map(|part| format!("{}{}", part.source.column(), if part.descending { " desc" } else { "" }))
            .collect();
        let parts = parts.join(", ");
        // In the direction of the last part, so that the tree read backwards serves the opposite order.
        let key = if self.parts.last().is_some_and(|part| part.descending) { "key desc" } else { "key" };
        let of_all = if self.is_unique {
            // A record with NONE or null in one of the fields collides with none: its own key stands at the end.
            let free: Vec<String> = self.parts.iter().map(|part| part.source.is_free()).collect();
            let free = free.join(" or ");
            // Rows that are not filled in yet are not in it, so that it can be made within the definition.
            let filled: Vec<String> = self.parts.iter().filter_map(|part| part.source.is_filled()).collect();
            let filled = if filled.is_empty() { String::new() } else { format!(" where {}", filled.join(" and ")) };
            format!("using btree ({parts}, (case when {free} then key end)) nulls not distinct{filled}")
        } else {
            format!("using btree ({parts}, {key})")
        };
        let name = |suffix| format!("i{namespace}_{}_{suffix}", self.id);
        let mut trees = vec![Tree { name: name("all"), definition: of_all, is_unique: self.is_unique }];
        if self.parts.first().is_some_and(|part| part.source != IndexSource::Owner) {
            let definition = format!("using btree (owner, {parts}, {key})");
            trees.push(Tree { name: name("own"), definition, is_unique: false });
        }
        trees
    }

    /// What a duplicate is told: the caller's fields, never the other record.
    pub(crate) fn taken(&self) -> Error {
        let fields: Vec<&str> = self.parts.iter().map(|part| part.source.name()).collect();
        let message = format!("the value of `{}` is taken (index `{}`)", fields.join("`, `"), self.name);
        let error = Error::conflict(message.clone());
        fields.iter().fold(error, |error, field| error.with_detail(*field, "UNIQUE", message.clone()))
    }
}

impl IndexSource {
    fn is_filled(&self) -> Option<String> {
        match self {
            Self::Field { column, .. } => Some(format!("{} is not null", column_name(*column))),
            Self::Owner | Self::Created | Self::Updated => None,
        }
    }

    /// Whether a row does not collide in this column: its value is NONE or null.
    fn is_free(&self) -> String {
        match self {
            Self::Field { column, .. } => format!("{} <= {NULL_KEY}", column_name(*column)),
            Self::Owner => "owner is null".to_owned(),
            Self::Created | Self::Updated => "false".to_owned(),
        }
    }
}

async fn build_all(store: &Store) -> Result<()> {
    if store.check_room().is_err() {
        // It goes on where it was once there is room.
        return Ok(());
    }
    let mut connection = PgConnection::connect_with(store.options()).await.map_err(to_error)?;
    connection.execute("set statement_timeout = 0").await.map_err(to_error)?;
    for namespace in namespace::all(&mut connection).await? {
        let known = Indexes::load(&mut connection, namespace).await?;
        for (_, index) in known.building() {
            // The keys of two ints and of one bigint are apart in PostgreSQL; each namespace counts its indexes by itself.
            let key = i64::from(namespace.0) << 32 | i64::from(index.id);
            let lock = sqlx::query("select pg_try_advisory_lock($1)").bind(key);
            let row = lock.fetch_one(&mut connection).await.map_err(to_error)?;
            // The lock ends with the connection.
            if !row.try_get::<bool, _>(0).map_err(to_error)? {
                continue;
            }
            // Meanwhile another process may have built it, or somebody removed it.
            let known = Indexes::load(&mut connection, namespace).await?;
            let Some((indexes, index)) = known.building().into_iter().find(|(_, other)| other.id == index.id) else { continue };
            if let Err(error) = build(store, &mut connection, namespace, &indexes, &index).await {
                // The others are built all the same; this one is tried again.
                tracing::warn!(error = error.told(), index = index.name, "an index could not be built");
                let _ = connection.execute("rollback").await;
            }
        }
    }
    connection.close().await.map_err(to_error)
}

async fn build(
    store: &Store,
    connection: &mut PgConnection,
    namespace: NamespaceId,
    indexes: &TableIndexes,
    index: &Index,
) -> Result<()> {
    let relation = projection::relation(namespace, index.table);
    let columns = index.columns(indexes);
    let built = async {
        // What a builder that died has left may be half built; the unique tree is of the definition.
        drop_trees(connection, namespace, index, |tree| !tree.is_unique).await?;
        let count = format!("select count(*) from {relation}");
        let row = sqlx::query(AssertSqlSafe(count)).fetch_one(&mut *connection).await.map_err(to_error)?;
        let total: i64 = row.try_get(0).map_err(to_error)?;
        progress(connection, namespace, index, 0, total).await?;
        while fill(store, connection, namespace, index, &columns, total).await? {}
        create_trees(connection, namespace, index, true, |tree| !tree.is_unique).await?;
        connection.execute(sqlx::raw_sql(AssertSqlSafe(format!("analyze {relation}")))).await.map_err(to_error)?;
        Ok(total)
    }
    .await;
    match built {
        Ok(total) => {
            tracing::info!(index = index.name, rows = total, "the index is built");
            progress(connection, namespace, index, total, total).await?;
            conclude(connection, namespace, index, IndexState::Ready, None).await
        }
        Err(error) if is_duplicate(&error) || is_too_wide(&error) => {
            let _ = connection.execute("rollback").await;
            let problem = match is_duplicate(&error) {
                true => "two records have the same values; make them different, remove the index and define it again",
                false => "the values of a record are too long together for an index",
            };
            conclude(connection, namespace, index, IndexState::Failed, Some(problem)).await?;
            drop_trees(connection, namespace, index, |_| true).await
        }
        Err(error) => Err(error),
    }
}

/// What belongs to the definition, in its transaction: the unique tree, from which on writers look into it, and for a small table everything. A
/// duplicate is an error.
pub(super) async fn begin(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    indexes: &TableIndexes,
    index: &Index,
) -> Result<()> {
    let begun = async {
        create_trees(connection, namespace, index, false, |tree| tree.is_unique).await?;
        if index.is_unique {
            set_enforced(connection, namespace, index).await?;
        }
        if !is_small(connection, namespace, index).await? {
            return Ok(());
        }
        let columns = index.columns(indexes);
        let mut after = Vec::new();
        while let Some((last, _)) = fill_chunk(connection, namespace, index, &columns, &after, Waiting::Wait).await? {
            after = last;
        }
        create_trees(connection, namespace, index, false, |tree| !tree.is_unique).await?;
        set_state(connection, namespace, index, IndexState::Ready, None).await
    }
    .await;
    match begun {
        Err(error) if is_duplicate(&error) => {
            Err(Error::conflict(format!("the index `{}` cannot be unique: two records have the same values", index.name)))
        }
        Err(error) if is_too_wide(&error) => Err(too_wide()),
        other => other,
    }
}

/// Whether the table is indexed at once. A unique index is worth a longer wait of the writers: what they write meanwhile is held against every record.
async fn is_small(connection: &mut PgConnection, namespace: NamespaceId, index: &Index) -> Result<bool> {
    let relation = projection::relation(namespace, index.table);
    let most = if index.is_unique { UNIQUE_AT_ONCE } else { AT_ONCE };
    let statement =
        format!("select (select count(*) from (select from {relation} limit $1) t) < $1 and pg_table_size('{relation}') <= $2");
    let row =
        sqlx::query(AssertSqlSafe(statement)).bind(most + 1).bind(AT_ONCE_BYTES).fetch_one(connection).await.map_err(to_error)?;
    row.try_get(0).map_err(to_error)
}

impl Index {
    fn columns(&self, indexes: &TableIndexes) -> Vec<IndexColumn> {
        indexes.columns.iter().filter(|column| self.has(column)).cloned().collect()
    }
}

async fn create_trees(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    index: &Index,
    concurrently: bool,
    which: fn(&Tree) -> bool,
) -> Result<()> {
    let relation = projection::relation(namespace, index.table);
    for tree in index.trees(namespace).into_iter().filter(which) {
        let create = tree.create(&relation, concurrently);
        connection.execute(sqlx::raw_sql(AssertSqlSafe(create))).await.map_err(to_error)?;
    }
    Ok(())
}

/// Builds the trees that belong to a definition as it stands, over columns that are filled: all of what is ready, and the unique tree of what is still
/// being built, which the [`builder`] does not make.
pub(crate) async fn create_ready(connection: &mut PgConnection, namespace: NamespaceId, indexes: &TableIndexes) -> Result<()> {
    for index in &indexes.indexes {
        match index.state {
            IndexState::Ready => create_trees(connection, namespace, index, false, |_| true).await?,
            IndexState::Building => create_trees(connection, namespace, index, false, |tree| tree.is_unique).await?,
            IndexState::Failed => {}
        }
    }
    Ok(())
}

async fn drop_trees(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    index: &Index,
    which: fn(&Tree) -> bool,
) -> Result<()> {
    for tree in index.trees(namespace).into_iter().filter(which) {
        let drop = format!("drop index concurrently if exists ddb_data.{}", tree.name);
        connection.execute(sqlx::raw_sql(AssertSqlSafe(drop))).await.map_err(to_error)?;
    }
    Ok(())
}

/// One pass over the table; true where rows may be left, because somebody else was writing them.
async fn fill(
    store: &Store,
    connection: &mut PgConnection,
    namespace: NamespaceId,
    index: &Index,
    columns: &[IndexColumn],
    total: i64,
) -> Result<bool> {
    if columns.is_empty() {
        return Ok(false);
    }
    let mut after = Vec::new();
    let mut done = 0;
    loop {
        store.check_room()?;
        connection.execute("begin").await.map_err(to_error)?;
        let filled = fill_chunk(connection, namespace, index, columns, &after, Waiting::Skip).await?;
        connection.execute("commit").await.map_err(to_error)?;
        let Some((last, rows)) = filled else { break };
        after = last;
        done = (done + rows).min(total);
        progress(connection, namespace, index, done, total).await?;
    }
    let relation = projection::relation(namespace, index.table);
    let left = format!("select exists (select from {relation} where {})", are_empty(columns));
    let row = sqlx::query(AssertSqlSafe(left)).fetch_one(&mut *connection).await.map_err(to_error)?;
    row.try_get(0).map_err(to_error)
}

fn are_empty(columns: &[IndexColumn]) -> String {
    let empty: Vec<String> = columns.iter().map(|column| format!("{} is null", column_name(column.id))).collect();
    empty.join(" or ")
}

/// What happens to rows that somebody else is writing.
#[derive(Clone, Copy)]
enum Waiting {
    Skip,
    Wait,
}

/// Fills the columns of rows after a key; gives the last key and the number of rows, or None at the end. The job skips rows that
/// somebody holds, so that nobody waits for us who holds what we wait for.
async fn fill_chunk(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    index: &Index,
    columns: &[IndexColumn],
    after: &[u8],
    waiting: Waiting,
) -> Result<Option<(Vec<u8>, i64)>> {
    if columns.is_empty() {
        return Ok(None);
    }
    let relation = projection::relation(namespace, index.table);
    let select = format!(
        "select key, doc::text from {relation} where key > $1 and ({}) order by key limit $2 for update {}",
        are_empty(columns),
        match waiting {
            Waiting::Skip => "skip locked",
            Waiting::Wait => "",
        }
    );
    let rows = sqlx::query(AssertSqlSafe(select)).bind(after).bind(CHUNK).fetch_all(&mut *connection).await.map_err(to_error)?;
    let mut keys: Vec<Vec<u8>> = Vec::with_capacity(rows.len());
    let mut filled: Vec<Vec<Vec<u8>>> = vec![Vec::with_capacity(rows.len()); columns.len()];
    for row in &rows {
        keys.push(row.try_get(0).map_err(to_error)?);
        let fields = doc::decode(row.try_get(1).map_err(to_error)?)?;
        for (column, filled) in columns.iter().zip(&mut filled) {
            filled.push(column.key_of(&fields));
        }
    }
    let Some(last) = keys.last().cloned() else { return Ok(None) };
    let names: Vec<String> = columns.iter().map(|column| column_name(column.id)).collect();
    let sets: Vec<String> = names.iter().map(|name| format!("{name} = u.{name}")).collect();
    let arrays: Vec<String> = (0..columns.len()).map(|position| format!("${}::bytea[]", position + 2)).collect();
    let update = format!(
        "update {relation} p set {} from unnest($1::bytea[], {}) as u (key, {}) where p.key = u.key",
        sets.join(", "),
        arrays.join(", "),
        names.join(", ")
    );
    let count = keys.len() as i64;
    let query = filled.into_iter().fold(sqlx::query(AssertSqlSafe(update)).bind(keys), |query, keys| query.bind(keys));
    query.execute(&mut *connection).await.map_err(to_error)?;
    Ok(Some((last, count)))
}

/// From now on writers look into the tree.
async fn set_enforced(connection: &mut PgConnection, namespace: NamespaceId, index: &Index) -> Result<()> {
    sqlx::query("update ddb.index_definition set enforced = true where namespace = $1 and id = $2")
        .bind(namespace.0)
        .bind(index.id)
        .execute(connection)
        .await
        .map_err(to_error)?;
    Ok(())
}

async fn progress(connection: &mut PgConnection, namespace: NamespaceId, index: &Index, done: i64, total: i64) -> Result<()> {
    sqlx::query("update ddb.index_definition set done = $3, total = $4 where namespace = $1 and id = $2")
        .bind(namespace.0)
        .bind(index.id)
        .bind(done)
        .bind(total)
        .execute(connection)
        .await
        .map_err(to_error)?;
    Ok(())
}

/// Sets the state under the lock of the namespace, so that writers and readers learn it with the next version of the definitions.
async fn conclude(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    index: &Index,
    state: IndexState,
    problem: Option<&str>,
) -> Result<()> {
    let begin = format!("begin isolation level read committed; {}", lock_statement(namespace));
    connection.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await.map_err(to_error)?;
    set_state(connection, namespace, index, state, problem).await?;
    definition::raise(connection, namespace).await?;
    connection.execute("commit").await.map_err(to_error)?;
    Ok(())
}

async fn set_state(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    index: &Index,
    state: IndexState,
    problem: Option<&str>,
) -> Result<()> {
    sqlx::query("update ddb.index_definition set state = $3, problem = $4, enforced = enforced and $3 <> 'failed' where namespace = $1 and id = $2")
        .bind(namespace.0)
        .bind(index.id)
        .bind(state.as_str())
        .bind(problem)
        .execute(connection)
        .await
        .map_err(to_error)?;
    Ok(())
}

/// Whether the error's cause is that PostgreSQL found a duplicate.
fn is_duplicate(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|source| source.downcast_ref::<sqlx::Error>());
    cause.is_some_and(is_duplicate_key)
}

/// Whether PostgreSQL found a duplicate in an index of a table's users.
pub(crate) fn is_duplicate_key(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|cause| {
        cause.code().is_some_and(|code| code == "23505") && cause.constraint().is_some_and(|name| name.ends_with("_all"))
    })
}

fn is_too_wide(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|source| source.downcast_ref::<sqlx::Error>());
    cause.is_some_and(exceeds_width)
}

/// Whether the values of a record are too long together for a B-tree.
pub(crate) fn exceeds_width(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|cause| cause.code().is_some_and(|code| code == "54000"))
}

pub(crate) fn too_wide() -> Error {
    Error::new(ErrorCode::PayloadTooLarge, "the values of a record are too long together for an index of the table")
}
