//! Building an index: the rows that were there before its definition get their columns, then the B-trees are built.

use std::time::Duration;

use ddb_core::{Detour, Error, ErrorCode, FieldPath, NamespaceId, RecordId, Result, TableId, Timestamp, doc, sort_key};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use super::{Index, IndexColumn, IndexSource, IndexState, Indexed, Indexes, TableIndexes, column_name, definition};
use crate::connection::to_error;
use crate::job::Recurring;
use crate::transactor::lock_statement;
use crate::{Store, catalogue, namespace, projection};

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
/// Records that are named where they stand in the way of an index.
const MAX_NAMED: usize = 3;
/// The code of the detail where a link or an array stands inside of an indexed path.
const INDEX_PATH: &str = "INDEX_PATH";

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

    /// What a write is told that puts a link or an array inside of a path of the index.
    pub(crate) fn detour(&self, path: &FieldPath, Detour { depth, kind }: Detour) -> Error {
        let message = format!(
            "`{}` cannot be {kind}, because the index `{}` is about `{path}`: its path leads through objects only",
            path.prefix(depth),
            self.name
        );
        Error::invalid(path.to_string(), INDEX_PATH, message)
    }

    /// What a duplicate is told: the caller's fields, never the other record.
    pub(crate) fn taken(&self) -> Error {
        let fields: Vec<String> = self.parts.iter().map(|part| part.source.name()).collect();
        let message = format!("the value of `{}` is taken (index `{}`)", fields.join("`, `"), self.name);
        let error = Error::conflict(message.clone());
        fields.iter().fold(error, |error, field| error.with_detail(field, "UNIQUE", message.clone()))
    }
}

impl IndexSource {
    fn is_filled(&self) -> Option<String> {
        match self {
            Self::Path { column, .. } => Some(format!("{} is not null", column_name(*column))),
            Self::Owner | Self::Created | Self::Updated => None,
        }
    }

    /// Whether a row does not collide in this column: its value is NONE or null.
    fn is_free(&self) -> String {
        match self {
            Self::Path { column, .. } => format!("{} <= {NULL_KEY}", column_name(*column)),
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
            let is_outdated = index.parts.iter().any(|part| part.source.outdated(indexes.own).is_some());
            let outcome = match is_outdated {
                // The next round builds it.
                true => definition::adopt(&mut connection, namespace, &index).await,
                false => build(store, &mut connection, namespace, &indexes, &index).await,
            };
            if let Err(error) = outcome {
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
    // The unique tree of one that is enforced already is of the definition.
    let is_missing = |tree: &Tree| !tree.is_unique || !index.is_enforced;
    let mut after = Vec::new();
    let built = async {
        // What a builder that died has left may be half built.
        drop_trees(connection, namespace, index, is_missing).await?;
        let count = format!("select count(*) from {relation}");
        let row = sqlx::query(AssertSqlSafe(count)).fetch_one(&mut *connection).await.map_err(to_error)?;
        let total: i64 = row.try_get(0).map_err(to_error)?;
        progress(connection, namespace, index, 0, total).await?;
        loop {
            match fill(store, connection, namespace, (index, &columns), &mut after, total).await? {
                Pass::Complete => break,
                Pass::Incomplete => {}
                Pass::InTheWay(in_the_way) => return Ok((total, Some(in_the_way))),
            }
        }
        create_trees(connection, namespace, index, true, is_missing).await?;
        connection.execute(sqlx::raw_sql(AssertSqlSafe(format!("analyze {relation}")))).await.map_err(to_error)?;
        Ok((total, None))
    }
    .await;
    let advice = "change them, remove the index and define it again";
    match built {
        Ok((total, None)) => {
            tracing::info!(index = index.name, rows = total, "the index is built");
            progress(connection, namespace, index, total, total).await?;
            conclude(connection, namespace, index, IndexState::Ready, None).await
        }
        Ok((_, Some(InTheWay { problem, keys, .. }))) => {
            let _ = connection.execute("rollback").await;
            let unnamed = format!("{problem}; {advice}");
            conclude(connection, namespace, index, IndexState::Failed, Some(&unnamed)).await?;
            drop_trees(connection, namespace, index, |_| true).await?;
            tell(connection, namespace, index, &keys, |records| format!("{problem} ({records}); {advice}")).await
        }
        Err(error) if is_duplicate(&error) => {
            let _ = connection.execute("rollback").await;
            let unnamed = format!("two records have the same values; {advice}");
            conclude(connection, namespace, index, IndexState::Failed, Some(&unnamed)).await?;
            drop_trees(connection, namespace, index, |_| true).await?;
            // Without the tree, the rows at which it stopped can be filled, and compared with the others.
            connection.execute("begin").await.map_err(to_error)?;
            fill_chunk(connection, namespace, index, &columns, &after, Waiting::Skip).await?;
            let duplicates = duplicates(connection, namespace, index).await?;
            connection.execute("rollback").await.map_err(to_error)?;
            tell(connection, namespace, index, &duplicates, |records| format!("{records} have the same values; {advice}")).await
        }
        Err(error) if is_too_wide(&error) => {
            let _ = connection.execute("rollback").await;
            let problem = "the values of a record are too long together for an index";
            conclude(connection, namespace, index, IndexState::Failed, Some(problem)).await?;
            drop_trees(connection, namespace, index, |_| true).await
        }
        Err(error) => Err(error),
    }
}

/// What belongs to the definition, in its transaction: the unique tree, from which on writers look into it, and for a small table everything. A
/// duplicate is an error, and so is a link or an array inside of a path.
pub(super) async fn begin(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    indexes: &TableIndexes,
    index: &Index,
) -> Result<()> {
    let is_small = is_small(connection, namespace, index).await?;
    if is_small {
        let columns = index.columns(indexes);
        let mut after = Vec::new();
        loop {
            match fill_chunk(connection, namespace, index, &columns, &after, Waiting::Wait).await? {
                Filled::Rows { last, .. } => after = last,
                Filled::End => break,
                Filled::InTheWay(InTheWay { path, problem, keys }) => {
                    let message = format!("{problem} ({})", named(connection, namespace, index.table, &keys).await?);
                    return Err(Error::conflict(message.clone()).with_detail(path, INDEX_PATH, message));
                }
            }
        }
    }
    connection.execute("savepoint filled").await.map_err(to_error)?;
    match create_trees(connection, namespace, index, false, |tree| tree.is_unique || is_small).await {
        Err(error) if is_duplicate(&error) => {
            connection.execute("rollback to savepoint filled").await.map_err(to_error)?;
            let duplicates = duplicates(connection, namespace, index).await?;
            let records = named(connection, namespace, index.table, &duplicates).await?;
            return Err(Error::conflict(format!("the index `{}` cannot be unique: {records} have the same values", index.name)));
        }
        Err(error) if is_too_wide(&error) => return Err(too_wide()),
        other => other?,
    }
    if index.is_unique {
        set_enforced(connection, namespace, index).await?;
    }
    if is_small {
        set_state(connection, namespace, index, IndexState::Ready, None).await?;
    }
    Ok(())
}

/// Some records that have the same values, among those whose columns are filled.
async fn duplicates(connection: &mut PgConnection, namespace: NamespaceId, index: &Index) -> Result<Vec<Vec<u8>>> {
    let relation = projection::relation(namespace, index.table);
    let columns: Vec<String> = index.parts.iter().map(|part| part.source.column()).collect();
    let free: Vec<String> = index.parts.iter().map(|part| part.source.is_free()).collect();
    let filled = index.parts.iter().filter_map(|part| part.source.is_filled());
    let conditions: Vec<String> = filled.chain([format!("not ({})", free.join(" or "))]).collect();
    let statement = format!(
        "select (array_agg(key order by key))[1:{MAX_NAMED}] from {relation} where {} group by {} having count(*) > 1 limit 1",
        conditions.join(" and "),
        columns.join(", ")
    );
    let row = sqlx::query(AssertSqlSafe(statement)).fetch_optional(connection).await.map_err(to_error)?;
    row.map_or(Ok(Vec::new()), |row| row.try_get(0).map_err(to_error))
}

/// `` `task:1` and `task:2` ``
async fn named(connection: &mut PgConnection, namespace: NamespaceId, table: TableId, keys: &[Vec<u8>]) -> Result<String> {
    let tables = catalogue::all_tables(connection, namespace).await?;
    let name = tables.into_iter().find(|(id, _)| *id == table).map(|(_, name)| name);
    let name = name.ok_or_else(|| Error::internal("an index is about a table without a name"))?;
    let mut ids = Vec::with_capacity(keys.len());
    for key in keys {
        ids.push(format!("`{}`", RecordId { table: name.clone(), key: projection::decode_key(key)? }.plain()));
    }
    Ok(ids.join(" and "))
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
    which: impl Fn(&Tree) -> bool,
) -> Result<()> {
    let relation = projection::relation(namespace, index.table);
    for tree in index.trees(namespace).iter().filter(|tree| which(tree)) {
        let create = tree.create(&relation, concurrently);
        connection.execute(sqlx::raw_sql(AssertSqlSafe(create))).await.map_err(to_error)?;
    }
    Ok(())
}

/// Builds the trees that belong to a definition as it stands, over columns that are filled: all of what is ready, and the unique tree of what is still
/// being built and enforced, which the [`builder`] does not make. Where records are duplicates to that, it has failed, as it would have with the builder.
pub(crate) async fn create_ready(connection: &mut PgConnection, namespace: NamespaceId, indexes: &TableIndexes) -> Result<()> {
    for index in &indexes.indexes {
        match index.state {
            IndexState::Ready => create_trees(connection, namespace, index, false, |_| true).await?,
            IndexState::Building if index.is_enforced => {
                connection.execute("savepoint tree").await.map_err(to_error)?;
                match create_trees(connection, namespace, index, false, |tree| tree.is_unique).await {
                    Err(error) if is_duplicate(&error) => {
                        connection.execute("rollback to savepoint tree").await.map_err(to_error)?;
                        let duplicates = duplicates(connection, namespace, index).await?;
                        let records = named(connection, namespace, index.table, &duplicates).await?;
                        let problem = format!("{records} have the same values");
                        set_state(connection, namespace, index, IndexState::Failed, Some(&problem)).await?;
                    }
                    other => other?,
                }
            }
            IndexState::Building | IndexState::Failed => {}
        }
    }
    Ok(())
}

async fn drop_trees(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    index: &Index,
    which: impl Fn(&Tree) -> bool,
) -> Result<()> {
    for tree in index.trees(namespace).iter().filter(|tree| which(tree)) {
        let drop = format!("drop index concurrently if exists ddb_data.{}", tree.name);
        connection.execute(sqlx::raw_sql(AssertSqlSafe(drop))).await.map_err(to_error)?;
    }
    Ok(())
}

/// How a pass over a table ended.
enum Pass {
    Complete,
    /// Rows may be left, because somebody else was writing them.
    Incomplete,
    InTheWay(InTheWay),
}

/// One pass over the table. `after` is the last key of what is filled.
async fn fill(
    store: &Store,
    connection: &mut PgConnection,
    namespace: NamespaceId,
    (index, columns): (&Index, &[IndexColumn]),
    after: &mut Vec<u8>,
    total: i64,
) -> Result<Pass> {
    if columns.is_empty() {
        return Ok(Pass::Complete);
    }
    after.clear();
    let mut done = 0;
    loop {
        store.check_room()?;
        connection.execute("begin").await.map_err(to_error)?;
        let filled = fill_chunk(connection, namespace, index, columns, after, Waiting::Skip).await?;
        connection.execute("commit").await.map_err(to_error)?;
        match filled {
            Filled::Rows { last, count } => {
                *after = last;
                done = (done + count).min(total);
            }
            Filled::End => break,
            Filled::InTheWay(in_the_way) => return Ok(Pass::InTheWay(in_the_way)),
        }
        progress(connection, namespace, index, done, total).await?;
    }
    let relation = projection::relation(namespace, index.table);
    let left = format!("select exists (select from {relation} where {})", are_empty(columns));
    let row = sqlx::query(AssertSqlSafe(left)).fetch_one(&mut *connection).await.map_err(to_error)?;
    Ok(if row.try_get(0).map_err(to_error)? { Pass::Incomplete } else { Pass::Complete })
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

/// What became of some rows.
enum Filled {
    /// Their number, and the key of the last one.
    Rows {
        last: Vec<u8>,
        count: i64,
    },
    /// There are no rows whose columns are empty.
    End,
    InTheWay(InTheWay),
}

/// Records that have a link or an array inside of a path of the index; their rows are left as they were.
struct InTheWay {
    path: String,
    problem: String,
    /// Of some of them.
    keys: Vec<Vec<u8>>,
}

/// Fills the columns of rows after a key. The job skips rows that somebody holds, so that nobody waits for us who holds what we wait for.
async fn fill_chunk(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    index: &Index,
    columns: &[IndexColumn],
    after: &[u8],
    waiting: Waiting,
) -> Result<Filled> {
    if columns.is_empty() {
        return Ok(Filled::End);
    }
    let relation = projection::relation(namespace, index.table);
    let select = format!(
        "select key, doc::text, created, updated from {relation} where key > $1 and ({}) order by key limit $2 for update {}",
        are_empty(columns),
        match waiting {
            Waiting::Skip => "skip locked",
            Waiting::Wait => "",
        }
    );
    let rows = sqlx::query(AssertSqlSafe(select)).bind(after).bind(CHUNK).fetch_all(&mut *connection).await.map_err(to_error)?;
    let mut keys: Vec<Vec<u8>> = Vec::with_capacity(rows.len());
    let mut filled: Vec<Vec<Vec<u8>>> = vec![Vec::with_capacity(rows.len()); columns.len()];
    let mut in_the_way: Option<InTheWay> = None;
    for row in &rows {
        let key: Vec<u8> = row.try_get(0).map_err(to_error)?;
        let fields = doc::decode(row.try_get(1).map_err(to_error)?)?;
        let (created, updated) = (row.try_get(2).map_err(to_error)?, row.try_get(3).map_err(to_error)?);
        let record = Indexed { fields: &fields, created: Timestamp(created), updated: Timestamp(updated) };
        for (column, filled) in columns.iter().zip(&mut filled) {
            match record.get(&column.path) {
                Ok(value) => filled.push(sort_key::encode(&value)),
                Err(detour) => {
                    let first = in_the_way.get_or_insert_with(|| InTheWay {
                        path: column.path.to_string(),
                        problem: index.detour(&column.path, detour).message().to_owned(),
                        keys: Vec::new(),
                    });
                    if first.keys.len() < MAX_NAMED && !first.keys.contains(&key) {
                        first.keys.push(key.clone());
                    }
                }
            }
        }
        keys.push(key);
    }
    if let Some(in_the_way) = in_the_way {
        return Ok(Filled::InTheWay(in_the_way));
    }
    let Some(last) = keys.last().cloned() else { return Ok(Filled::End) };
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
    Ok(Filled::Rows { last, count })
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

/// An index over the system's times stays to be built where the table got a field of that name meanwhile: the builder takes it up again.
async fn set_state(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    index: &Index,
    state: IndexState,
    problem: Option<&str>,
) -> Result<()> {
    sqlx::query(
        "
        update ddb.index_definition d
        set state = case when $3 = 'ready' and exists (
                select from ddb.attribute a
                where a.namespace = d.namespace and a.table_id = d.table_id
                    and a.name in ('created', 'updated') and '$' || a.name = any(d.fields)
            ) then 'building' else $3 end,
            problem = $4,
            enforced = case $3 when 'ready' then is_unique when 'failed' then false else enforced end
        where namespace = $1 and id = $2
        ",
    )
    .bind(namespace.0)
    .bind(index.id)
    .bind(state.as_str())
    .bind(problem)
    .execute(connection)
    .await
    .map_err(to_error)?;
    Ok(())
}

/// Says of an index that has failed which records are in the way. Under the lock, so that one which was erased is not named: what was named before is taken away
/// by the job that erases.
async fn tell(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    index: &Index,
    keys: &[Vec<u8>],
    problem: impl FnOnce(&str) -> String,
) -> Result<()> {
    let begin = format!("begin isolation level read committed; {}", lock_statement(namespace));
    connection.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await.map_err(to_error)?;
    let relation = projection::relation(namespace, index.table);
    let statement = format!("select key from {relation} where key = any($1) order by key");
    let rows = sqlx::query(AssertSqlSafe(statement)).bind(keys).fetch_all(&mut *connection).await.map_err(to_error)?;
    let keys = rows.iter().map(|row| row.try_get(0).map_err(to_error)).collect::<Result<Vec<Vec<u8>>>>()?;
    if !keys.is_empty() {
        let problem = problem(&named(connection, namespace, index.table, &keys).await?);
        sqlx::query("update ddb.index_definition set problem = $3 where namespace = $1 and id = $2")
            .bind(namespace.0)
            .bind(index.id)
            .bind(problem)
            .execute(&mut *connection)
            .await
            .map_err(to_error)?;
    }
    connection.execute("commit").await.map_err(to_error)?;
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
