//! Reducing superseded facts to commitments, some transactions at a time.

use ddb_core::{Error, NamespaceId, Result, Tx, attribute, chain};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use super::names;
use super::table::Table;
use crate::connection::to_error;
use crate::transactor::lock_statement;
use crate::{dictionary, namespace};

/// Transactions that are looked at together, and their facts; one that has more is looked at alone.
const TRANSACTIONS: i64 = 2_000;
const FACTS: i64 = 20_000;
/// Facts that are reduced by one statement, and the bytes of their values (a value has up to 1 MB).
const CHUNK: i64 = 1_000;
const CHUNK_BYTES: i64 = 4 << 20;

/// Whether the log says anything of the table between what was looked at and a transaction.
pub(super) async fn has_facts(connection: &mut PgConnection, table: &Table, until: Tx) -> Result<bool> {
    let row = sqlx::query(
        "
        select exists (
            select from ddb.triple
            where namespace = $1 and tx > $3 and tx <= $4 and table_id = $2 and attribute not in ($5, $6)
        )
        ",
    )
    .bind(table.namespace.0)
    .bind(table.id.0)
    .bind(table.horizon.max(table.superseded_to).0)
    .bind(until.0)
    .bind(attribute::ERASED.0)
    .bind(attribute::PRUNED.0)
    .fetch_one(connection)
    .await
    .map_err(to_error)?;
    row.try_get(0).map_err(to_error)
}

/// Notes that up to a transaction nothing is superseded that was not seen.
pub(super) async fn look_on_from(connection: &mut PgConnection, table: &Table, tx: Tx) -> Result<()> {
    let updated =
        sqlx::query("update ddb.data_table set superseded_to = $3 where namespace = $1 and id = $2 and superseded_to = $4")
            .bind(table.namespace.0)
            .bind(table.id.0)
            .bind(tx.0)
            .bind(table.superseded_to.0)
            .execute(connection)
            .await
            .map_err(to_error)?;
    match updated.rows_affected() {
        1 => Ok(()),
        _ => Err(Error::internal("somebody else prunes the same table")),
    }
}

/// Reduces what the next transactions behind `superseded_to` have superseded, and gives the last of them. All of it takes effect once, or nothing.
pub(super) async fn reduce(connection: &mut PgConnection, table: &Table) -> Result<Tx> {
    let until = end(connection, table).await?;
    let mut transaction = connection.begin().await.map_err(to_error)?;
    // First, so that nobody counts the same twice.
    look_on_from(&mut transaction, table, until).await?;
    find(&mut transaction, table, until).await?;
    let mut after = 0;
    while let Some(last) = write(&mut transaction, table.namespace, after).await? {
        after = last;
    }
    count(&mut transaction, table.namespace, "select tx from superseded").await?;
    let deleted = names::of_deleted(&mut transaction, table, until).await?;
    lock(&mut transaction, table.namespace).await?;
    names::forget(&mut transaction, table, deleted).await?;
    transaction.commit().await.map_err(to_error)?;
    Ok(until)
}

/// Takes the namespace's lock; an error where it was removed.
pub(super) async fn lock(connection: &mut PgConnection, namespace: NamespaceId) -> Result<()> {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(lock_statement(namespace)))).await.map_err(to_error)?;
    let living = sqlx::query("select from ddb.namespace where id = $1 and removed_at is null").bind(namespace.0);
    match living.fetch_optional(connection).await.map_err(to_error)? {
        Some(_) => Ok(()),
        None => Err(namespace::is_gone()),
    }
}

/// The last transaction of the next window.
async fn end(connection: &mut PgConnection, table: &Table) -> Result<Tx> {
    let row = sqlx::query(
        "
        select coalesce(max(tx) filter (where facts - fact_count < $4), $3)
        from (
            select tx, fact_count, sum(fact_count) over (order by tx) as facts
            from (
                select tx, fact_count
                from ddb.tx
                where namespace = $1 and tx > $2 and tx <= $3
                order by tx
                limit $5
            ) next
        ) summed
        ",
    )
    .bind(table.namespace.0)
    .bind(table.superseded_to.0)
    .bind(table.horizon.0)
    .bind(FACTS)
    .bind(TRANSACTIONS)
    .fetch_one(connection)
    .await
    .map_err(to_error)?;
    row.try_get(0).map(Tx).map_err(to_error)
}

/// Puts what is superseded into a relation `superseded` of this transaction. A fact supersedes the one before it about the same attribute in the same life of the record;
/// a deletion supersedes the newest one about each. So each is found once.
async fn find(connection: &mut PgConnection, table: &Table, until: Tx) -> Result<()> {
    connection
        .execute(
            "create temporary table superseded (
                 n bigint generated always as identity primary key, entity bigint, attribute int, tx bigint, position int, bytes bigint
             ) on commit drop",
        )
        .await
        .map_err(to_error)?;
    sqlx::query(
        "
        with event as materialized (
            select entity, attribute, tx, position, asserted
            from ddb.triple
            where namespace = $1 and tx > $3 and tx <= $4 and table_id = $2 and attribute not in ($6, $7)
        ), in_life as materialized (
            select e.*, life.tx as begin_tx, life.position as begin_position
            from event e
            cross join lateral (
                select tx, position
                from ddb.triple
                where namespace = $1 and entity = e.entity and attribute = $5 and asserted
                  and tx <= e.tx and (tx < e.tx or position <= e.position)
                order by tx desc, position desc
                limit 1
            ) life
        )
        insert into superseded (entity, attribute, tx, position, bytes)
        select e.entity, before.*
        from in_life e
        cross join lateral (
            select attribute, tx, position, coalesce(octet_length(value), 0)
            from ddb.triple
            where namespace = $1 and entity = e.entity and attribute = e.attribute
              and tx <= e.tx and (tx < e.tx or position < e.position)
              and tx >= e.begin_tx and (tx > e.begin_tx or position >= e.begin_position)
            order by tx desc, position desc
            limit 1
        ) before
        where e.attribute <> $5
        union all
        select e.entity, ended.*
        from in_life e
        cross join lateral (
            select distinct on (attribute) attribute, tx, position, coalesce(octet_length(value), 0)
            from ddb.triple
            where namespace = $1 and entity = e.entity and attribute not in ($6, $7)
              and tx <= e.tx and (tx < e.tx or position < e.position)
              and tx >= e.begin_tx and (tx > e.begin_tx or position >= e.begin_position)
            order by attribute, tx desc, position desc
        ) ended
        where e.attribute = $5 and not e.asserted
        ",
    )
    .bind(table.namespace.0)
    .bind(table.id.0)
    .bind(table.superseded_to.0)
    .bind(until.0)
    .bind(attribute::EXISTS.0)
    .bind(attribute::ERASED.0)
    .bind(attribute::PRUNED.0)
    .execute(connection)
    .await
    .map_err(to_error)?;
    Ok(())
}

/// Puts commitments in the place of the next values behind the `after`th; that of a retraction is zeros. Gives the last of them.
async fn write(connection: &mut PgConnection, namespace: NamespaceId, after: i64) -> Result<Option<i64>> {
    let rows = sqlx::query(
        "
        select s.n, f.value, f.salt, f.commitment is null
        from (
            select *, sum(bytes) over (order by n) - bytes as before
            from (select * from superseded where n > $2 order by n limit $3) chunk
        ) s
        join ddb.triple f
          on f.namespace = $1 and f.entity = s.entity and f.attribute = s.attribute and f.tx = s.tx and f.position = s.position
        where s.before < $4
        order by s.n
        ",
    )
    .bind(namespace.0)
    .bind(after)
    .bind(CHUNK)
    .bind(CHUNK_BYTES)
    .fetch_all(&mut *connection)
    .await
    .map_err(to_error)?;
    let Some(last) = rows.last() else { return Ok(None) };
    let last: i64 = last.try_get(0).map_err(to_error)?;
    let (mut numbers, mut commitments) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in &rows {
        // An erasure may have been here before.
        if !row.try_get::<bool, _>(3).map_err(to_error)? {
            continue;
        }
        let value: Option<&[u8]> = row.try_get(1).map_err(to_error)?;
        let salt: Option<&[u8]> = row.try_get(2).map_err(to_error)?;
        let commitment = match (value, salt) {
            (Some(value), Some(salt)) => chain::commitment(&dictionary::salt(salt)?, value),
            _ => chain::NOTHING,
        };
        numbers.push(row.try_get::<i64, _>(0).map_err(to_error)?);
        commitments.push(commitment.to_vec());
    }
    sqlx::query(
        "
        update ddb.triple f
        set value = null, salt = null, commitment = u.commitment
        from unnest($2::bigint[], $3::bytea[]) as u (n, commitment)
        join superseded s on s.n = u.n
        where f.namespace = $1 and f.entity = s.entity and f.attribute = s.attribute and f.tx = s.tx and f.position = s.position
        ",
    )
    .bind(namespace.0)
    .bind(numbers)
    .bind(commitments)
    .execute(connection)
    .await
    .map_err(to_error)?;
    Ok(Some(last))
}

/// Counts superseded facts, whose transactions `which` gives, one row for each; a transaction that has no others can be dropped.
pub(super) async fn count(connection: &mut PgConnection, namespace: NamespaceId, which: &'static str) -> Result<()> {
    let statement = format!(
        "
        with counted as (
            update ddb.tx t
            set superseded = t.superseded + u.count
            from (select tx, count(*)::int as count from ({which}) fact (tx) group by tx) u
            where t.namespace = $1 and t.tx = u.tx
            returning t.tx, t.superseded, t.fact_count
        )
        insert into ddb.droppable (namespace, tx)
        select $1, tx from counted where superseded >= fact_count
        on conflict do nothing
        "
    );
    sqlx::query(AssertSqlSafe(statement)).bind(namespace.0).execute(connection).await.map_err(to_error)?;
    Ok(())
}
