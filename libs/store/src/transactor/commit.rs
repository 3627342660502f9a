//! The SQL of a group: one read, one write.

use std::collections::{HashMap, HashSet};

use ddb_core::{EntityId, NamespaceId, Result, TableId, Timestamp, Tx, chain};
use ddb_turns::{MANY, aside_if};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::group::Head;
use super::rows::Rows;
use super::slots::{Entity, Slots};
use crate::connection::to_error;
use crate::dictionary;
use crate::index::{Holder, IndexColumn, Indexes, column_name};
use crate::projection::{self, RawRecord};
use crate::statement::Statement;

/// Columns of the head that stand before those of the records.
const HEAD_COLUMNS: usize = 7;

/// What the read found besides the records.
pub(super) struct Read {
    pub(super) head: Head,
    pub(super) newest_attribute: i32,
    /// The version of the namespace's definitions; None where the namespace was removed.
    pub(super) definitions: Option<i64>,
}

/// The head of the log and the before-images of every slot, in one round trip.
pub(super) async fn read(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    slots: &mut Slots,
) -> Result<Result<Read>, sqlx::Error> {
    let statement = match read_statement(namespace, slots) {
        Ok(statement) => statement,
        Err(error) => return Ok(Err(error)),
    };
    let rows = statement.query().fetch_all(connection).await?;
    let Some(first) = rows.first() else {
        return Ok(Err(ddb_core::Error::internal("the read under the lock gave no row")));
    };
    let time: i64 = first.try_get::<Option<i64>, _>(2)?.unwrap_or(0);
    let now: i64 = first.try_get(5)?;
    let hash = first.try_get::<Option<Vec<u8>>, _>(1)?;
    let hash = match hash.as_deref().map(dictionary::hash).transpose() {
        Ok(hash) => hash.unwrap_or(chain::GENESIS),
        Err(error) => return Ok(Err(error)),
    };
    let head = Head {
        tx: Tx(first.try_get::<Option<i64>, _>(0)?.unwrap_or(0)),
        hash,
        newest_entity: first.try_get(3)?,
        now: Timestamp(now.max(time)),
    };
    let newest_attribute = first.try_get(4)?;
    let definitions = first.try_get(6)?;
    let filled = aside_if(rows.len() > MANY, || fill(slots, &rows))?;
    Ok(filled.map(|()| Read { head, newest_attribute, definitions }))
}

/// The before-images, behind the columns of the head.
fn fill(slots: &mut Slots, rows: &[PgRow]) -> Result<Result<()>, sqlx::Error> {
    for row in rows {
        let Some(table) = row.try_get::<Option<i32>, _>(HEAD_COLUMNS)? else { continue };
        let Some(slot) = slots.find(TableId(table), row.try_get(HEAD_COLUMNS + 1)?) else { continue };
        let id = EntityId(row.try_get(HEAD_COLUMNS + 2)?);
        let raw = RawRecord::from_row(row, HEAD_COLUMNS + 4)?;
        let salt: Vec<u8> = row.try_get(HEAD_COLUMNS + 3)?;
        let filled = dictionary::salt(&salt).and_then(|salt| {
            let commitment = dictionary::entity_commitment(&salt, &slot.id);
            slot.fill(Entity { id, commitment }, raw)
        });
        if let Err(error) = filled {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

fn read_statement(namespace: NamespaceId, slots: &Slots) -> Result<Statement> {
    let mut statement = Statement::new("");
    let ns = statement.bind(namespace.0)?;
    let mut parts = Vec::new();
    for table in slots.tables().into_iter().filter(|table| !Slots::is_yet_to_be_made(*table)) {
        let keys: Vec<Vec<u8>> = slots.all.iter().filter(|slot| slot.table == table).map(|slot| slot.sort_key.clone()).collect();
        let keys = statement.bind(keys)?;
        let relation = projection::relation(namespace, table);
        let columns = projection::COLUMNS;
        parts.push(format!(
            "select {table} as table_id, e.key as entity_key, e.id, e.salt, {columns}
             from ddb.entity e left join {relation} p on p.key = e.key
             where e.namespace = {ns} and e.table_id = {table} and e.key = any({keys})"
        ));
    }
    let records = if parts.is_empty() { String::new() } else { format!("left join ({}) r on true", parts.join(" union all ")) };
    let record_columns = if parts.is_empty() { "null::int" } else { "r.*" };
    statement.sql = format!(
        "select h.*, {record_columns}
         from (
             select
                 t.tx, t.hash, t.time,
                 coalesce((select max(id) from ddb.entity where namespace = {ns}), 0) as newest_entity,
                 coalesce((select max(id) from ddb.attribute where namespace = {ns}), 0) as newest_attribute,
                 (extract(epoch from clock_timestamp()) * 1000000)::bigint as now,
                 (select definitions from ddb.namespace where id = {ns} and removed_at is null) as definitions
             from (select 1) one
             left join lateral (
                 select tx, hash, time from ddb.tx where namespace = {ns} order by tx desc limit 1
             ) t on true
         ) h {records}"
    );
    Ok(statement)
}

/// Writes transactions, names, facts and projections of a group, in one round trip.
pub(super) async fn write(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    now: Timestamp,
    rows: Rows,
    slots: &Slots,
    indexes: &Indexes,
) -> Result<Result<()>, sqlx::Error> {
    if rows.tx.tx.is_empty() {
        return Ok(Ok(()));
    }
    let writing = || write_statement(namespace, now, rows, slots, indexes);
    let statement = match aside_if(slots.all.len() > MANY, writing) {
        Ok(statement) => statement,
        Err(error) => return Ok(Err(error)),
    };
    statement.query().execute(connection).await?;
    Ok(Ok(()))
}

fn write_statement(namespace: NamespaceId, now: Timestamp, rows: Rows, slots: &Slots, indexes: &Indexes) -> Result<Statement> {
    let mut statement = Statement::new("with ");
    let ns = statement.bind(namespace.0)?;
    let time = statement.bind(now.0)?;
    let version = statement.bind(i16::from(chain::VERSION))?;
    let (tx, actor, request, count, hash) = (
        statement.bind(rows.tx.tx)?,
        statement.bind(rows.tx.actor)?,
        statement.bind(rows.tx.request)?,
        statement.bind(rows.tx.fact_count)?,
        statement.bind(rows.tx.hash)?,
    );
    statement.sql += &format!(
        "w_tx as (
             insert into ddb.tx (namespace, tx, time, actor, request_id, fact_count, version, hash)
             select {ns}, u.tx, {time}, u.actor, u.request, u.count, {version}, u.hash
             from unnest({tx}::bigint[], {actor}::bigint[], {request}::text[], {count}::int[], {hash}::bytea[])
                 as u (tx, actor, request, count, hash)
         )"
    );
    if !rows.entity.id.is_empty() {
        let (id, table, key, salt) = (
            statement.bind(rows.entity.id)?,
            statement.bind(rows.entity.table)?,
            statement.bind(rows.entity.key)?,
            statement.bind(rows.entity.salt)?,
        );
        statement.sql += &format!(
            ", w_entity as (
                 insert into ddb.entity (namespace, id, table_id, key, salt)
                 select {ns}, u.* from unnest({id}::bigint[], {table}::int[], {key}::bytea[], {salt}::bytea[]) as u
             )"
        );
    }
    let own_times = rows.attribute.own_times();
    if !own_times.is_empty() {
        let (table, source): (Vec<i32>, Vec<String>) = own_times.into_iter().unzip();
        let (table, source) = (statement.bind(table)?, statement.bind(source)?);
        statement.sql += &format!(
            ", w_outdated as (
                 update ddb.index_definition d
                 set state = 'building', done = 0, total = 0
                 from unnest({table}::int[], {source}::text[]) as u (table_id, source)
                 where d.namespace = {ns} and d.table_id = u.table_id and u.source = any(d.fields) and d.state <> 'failed'
             ), w_definitions as (
                 update ddb.namespace set definitions = definitions + 1 where id = {ns}
             )"
        );
    }
    if !rows.attribute.id.is_empty() {
        let (id, table, name, salt, named_by) = (
            statement.bind(rows.attribute.id)?,
            statement.bind(rows.attribute.table)?,
            statement.bind(rows.attribute.name)?,
            statement.bind(rows.attribute.salt)?,
            statement.bind(rows.attribute.named_by)?,
        );
        statement.sql += &format!(
            ", w_attribute as (
                 insert into ddb.attribute (namespace, id, table_id, name, salt, named_by)
                 select {ns}, u.*
                 from unnest({id}::int[], {table}::int[], {name}::text[], {salt}::bytea[], {named_by}::bigint[]) as u
             )"
        );
    }
    if !rows.erased.entity.is_empty() {
        let (entity, name, reason, tx, owner) = (
            statement.bind(rows.erased.entity)?,
            statement.bind(rows.erased.name)?,
            statement.bind(rows.erased.reason)?,
            statement.bind(rows.erased.tx)?,
            statement.bind(rows.erased.owner)?,
        );
        statement.sql += &format!(
            ", w_nameless as (
                 update ddb.entity e
                 set key = null, exact = null, salt = null, commitment = u.name
                 from unnest({entity}::bigint[], {name}::bytea[]) as u (id, name)
                 where e.namespace = {ns} and e.id = u.id
             ), w_erasure as (
                 insert into ddb.erasure (namespace, entity, name, reason, tx, owner, is_account)
                 select {ns}, u.*, u.owner is not null
                 from unnest({entity}::bigint[], {name}::bytea[], {reason}::text[], {tx}::bigint[], {owner}::bytea[])
                     as u (entity, name, reason, tx, owner)
                 on conflict (namespace, entity) do update
                     set tx = excluded.tx, name = excluded.name, owner = excluded.owner, is_account = excluded.is_account
             )"
        );
    }
    if !rows.pruned.table.is_empty() {
        let (table, horizon) = (statement.bind(rows.pruned.table)?, statement.bind(rows.pruned.horizon)?);
        statement.sql += &format!(
            ", w_horizon as (
                 update ddb.data_table t
                 set horizon = greatest(t.horizon, u.horizon)
                 from unnest({table}::int[], {horizon}::bigint[]) as u (id, horizon)
                 where t.namespace = {ns} and t.id = u.id
             )"
        );
    }
    let triple = rows.triple;
    let (tx, table, entity, attribute, position, value, salt) = (
        statement.bind(triple.tx)?,
        statement.bind(triple.table)?,
        statement.bind(triple.entity)?,
        statement.bind(triple.attribute)?,
        statement.bind(triple.position)?,
        statement.bind(triple.value)?,
        statement.bind(triple.salt)?,
    );
    statement.sql += &format!(
        ", w_triple as (
             insert into ddb.triple (namespace, table_id, tx, entity, attribute, position, asserted, value, salt)
             select {ns}, u.table_id, u.tx, u.entity, u.attribute, u.position, u.value is not null, u.value, u.salt
             from unnest(
                 {tx}::bigint[], {table}::int[], {entity}::bigint[], {attribute}::int[], {position}::int[],
                 {value}::bytea[], {salt}::bytea[]
             ) as u (tx, table_id, entity, attribute, position, value, salt)
         )"
    );
    for table in slots.tables() {
        let columns = indexes.of(table).map_or(&[][..], |indexes| &indexes.columns);
        project(&mut statement, namespace, table, slots, columns)?;
    }
    statement.sql += " select 1";
    Ok(statement)
}

/// Empties the indexed values of rows that the group is about to write, so that others may take them.
pub(super) async fn vacate(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    replaced: HashSet<Holder>,
    indexes: &Indexes,
) -> Result<(), sqlx::Error> {
    let mut by_table: HashMap<TableId, Vec<Vec<u8>>> = HashMap::new();
    for (table, key) in replaced {
        by_table.entry(table).or_default().push(key);
    }
    for (table, keys) in by_table {
        let Some(indexes) = indexes.of(table) else { continue };
        let columns: String = indexes.columns.iter().map(|column| format!(", {} = null", column_name(column.id))).collect();
        let relation = projection::relation(namespace, table);
        let statement = format!("update {relation} set owner = null{columns} where key = any($1)");
        sqlx::query(AssertSqlSafe(statement)).bind(keys).execute(&mut *connection).await?;
    }
    Ok(())
}

fn project(
    statement: &mut Statement,
    namespace: NamespaceId,
    table: TableId,
    slots: &Slots,
    columns: &[IndexColumn],
) -> Result<()> {
    let (mut inserted, mut updated) = (projection::Rows::new(columns), projection::Rows::new(columns));
    let mut deleted: Vec<Vec<u8>> = Vec::new();
    for slot in slots.all.iter().filter(|slot| slot.table == table && slot.changed) {
        let Some(record) = &slot.record else {
            if slot.has_row {
                deleted.push(slot.sort_key.clone());
            }
            continue;
        };
        let rows = if slot.has_row { &mut updated } else { &mut inserted };
        let entity = slot.entity.ok_or_else(|| ddb_core::Error::internal("a changed record has no entity"))?;
        let doc = slot.doc.clone().ok_or_else(|| ddb_core::Error::internal("a changed record has no document"))?;
        rows.push(projection::NewRow {
            key: slot.sort_key.clone(),
            entity: entity.id,
            fields: &record.fields,
            doc,
            owner: record.owner.as_ref(),
            created: record.created,
            updated: record.updated,
            tx: record.tx,
            expires: record.expires,
        })?;
    }
    let relation = projection::relation(namespace, table);
    if !inserted.is_empty() {
        let insert = inserted.insert(statement, &relation)?;
        statement.sql += &format!(", i_{table} as ({insert})");
    }
    if !updated.is_empty() {
        let update = updated.update(statement, &relation)?;
        statement.sql += &format!(", u_{table} as ({update})");
    }
    if !deleted.is_empty() {
        let keys = statement.bind(deleted)?;
        statement.sql += &format!(", d_{table} as (delete from {relation} where key = any({keys}))");
    }
    Ok(())
}

/// The actors' entities: rows of (sort key of the user's key, entity id, salt).
pub(super) async fn find_actors(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    keys: Vec<Vec<u8>>,
) -> Result<Vec<(Vec<u8>, EntityId, Vec<u8>)>> {
    let rows = sqlx::query(
        "
        select e.key, e.id, e.salt
        from ddb.entity e
        join ddb.data_table t on t.namespace = e.namespace and t.id = e.table_id
        where e.namespace = $1 and t.name = 'user' and e.key = any($2)
        ",
    )
    .bind(namespace.0)
    .bind(keys)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    rows.iter()
        .map(|row| -> Result<_, sqlx::Error> { Ok((row.try_get(0)?, EntityId(row.try_get(1)?), row.try_get(2)?)) })
        .collect::<Result<_, _>>()
        .map_err(to_error)
}
