//! The projections, record by record.

use std::collections::HashMap;

use ddb_core::{NamespaceId, RecordId, Result, TableId, TableName};
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};

use super::Report;
use crate::connection::to_error;
use crate::fold::{self, Batch, Batches, EntityRow};
use crate::index::{self, IndexColumn, IndexState, Indexed, Indexes, TableIndexes};
use crate::job::Progress;
use crate::projection::{self, RawRecord};
use crate::quota::{Difference, Recount};
use crate::read::is_gone;
use crate::{Record, catalogue};

/// Entities whose facts are asked for at a time.
const CHUNK: i64 = 2_000;
/// Around what takes a lock on a projection: a lock that was taken after a savepoint goes with it, so that whoever defines or removes an index waits for
/// a part and not for the whole.
const BEGIN_PART: &str = "savepoint part";
const END_PART: &str = "rollback to savepoint part; release savepoint part";

/// Compares every record with the fold of its facts, and looks for rows that no facts stand behind. `facts` is a connection in the same snapshot: the
/// facts arrive on it while the rows that belong to them are asked for.
pub(super) async fn check(
    connection: &mut PgConnection,
    facts: &mut PgConnection,
    namespace: NamespaceId,
    report: &mut Report,
    progress: &Progress,
) -> Result<()> {
    let names = fold::attribute_names(connection, namespace).await?;
    let indexes = Indexes::load(connection, namespace).await?;
    let mut held = Recount::where_enforced(connection, namespace).await?;
    for (table, name) in catalogue::all_tables(connection, namespace).await? {
        let mut indexes = indexes.of(table).map(|indexes| TableIndexes::clone(indexes)).unwrap_or_default();
        report.tables += 1;
        let mut rows = 0;
        let mut after = 0;
        loop {
            let entities = fold::entities(connection, namespace, table, after, CHUNK).await?;
            let Some(last) = entities.last() else { break };
            after = last.id;
            let mut batches = Batches::of(facts, namespace, entities, &names);
            loop {
                let batch = match batches.next().await {
                    Ok(Some(batch)) => batch,
                    Ok(None) => break,
                    Err(error) => {
                        let cause = std::error::Error::source(&error).map(ToString::to_string);
                        report
                            .problem(name.as_str(), format!("facts do not fold: {}", cause.unwrap_or_else(|| error.to_string())));
                        break;
                    }
                };
                let projected = projected(connection, namespace, table, &batch.entities, &mut indexes.columns).await?;
                rows += projected.len() as i64;
                progress.advance(batch.entities.len() as u64);
                if let Some(held) = &mut held {
                    held.add(batch.folded.values())?;
                }
                compare(&name, &batch, projected, &indexes, report);
            }
        }
        let count = count(connection, namespace, table).await?;
        if count != rows {
            report.problem(name.as_str(), format!("the projection has {} rows that no record stands behind", count - rows));
        }
    }
    if let Some(held) = held {
        for Difference { owner, counted, held } in held.compare(connection, namespace).await? {
            let who = owner.as_deref().unwrap_or("the namespace");
            let counted = format!("is counted with {} records of {} bytes", counted.records, counted.bytes);
            report.problem("quota", format!("{who} {counted}, and holds {} of {}", held.records, held.bytes));
        }
    }
    Ok(())
}

fn compare(
    table: &TableName,
    batch: &Batch,
    mut projected: HashMap<Vec<u8>, Projected>,
    indexes: &TableIndexes,
    report: &mut Report,
) {
    for entity in &batch.entities {
        let place = || match projection::decode_key(&entity.key) {
            Ok(key) => RecordId { table: table.clone(), key }.plain().to_string(),
            Err(_) => format!("{table}, entity {}", entity.id),
        };
        match (batch.folded.get(&entity.id), projected.remove(&entity.key)) {
            (None, None) => {}
            (Some(_), None) => report.problem(place(), "its facts exist, its row in the projection does not"),
            (None, Some(_)) => report.problem(place(), "its row in the projection exists, its facts do not"),
            (Some(folded), Some(Projected { entity: row_entity, raw, keys })) => {
                report.records += 1;
                let same = row_entity == entity.id && raw.decode(table).is_ok_and(|record| is_same(folded, &record));
                if !same {
                    report.problem(place(), "its row in the projection is not what its facts say");
                }
                for (column, key) in indexes.columns.iter().zip(keys) {
                    if !is_key(column, key.as_deref(), folded, indexes) {
                        report.problem(place(), format!("the index column of `{}` is not what its value says", column.path));
                    }
                }
            }
        }
    }
}

fn is_same(folded: &fold::Folded, record: &Record) -> bool {
    folded.owner == record.owner
        && folded.created == record.created
        && folded.updated == record.updated
        && folded.tx == record.tx
        && folded.expires == record.expires
        && folded.fields.len() == record.fields.len()
        && folded
            .fields
            .iter()
            .zip(&record.fields)
            .all(|((name, value), (other_name, other))| name == other_name && value.identical(other))
}

/// Whether an index column holds what it must; it may be empty as long as no index with it is ready.
fn is_key(column: &IndexColumn, key: Option<&[u8]>, folded: &fold::Folded, indexes: &TableIndexes) -> bool {
    match key {
        Some(key) => {
            let record = Indexed { fields: &folded.fields, created: folded.created, updated: folded.updated };
            column.key_of(record).is_some_and(|expected| key == expected)
        }
        None => !indexes.indexes.iter().any(|index| index.state == IndexState::Ready && index.has(column)),
    }
}

/// A row of a projection.
struct Projected {
    entity: i64,
    raw: RawRecord,
    /// Of each column that indexes have added.
    keys: Vec<Option<Vec<u8>>>,
}

/// The rows of entities. A column whose index was removed meanwhile is taken out of `columns`: a snapshot keeps the rows of the definitions, not what
/// they define.
async fn projected(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    table: TableId,
    entities: &[EntityRow],
    columns: &mut Vec<IndexColumn>,
) -> Result<HashMap<Vec<u8>, Projected>> {
    execute(connection, BEGIN_PART).await?;
    let mut rows = read(connection, namespace, table, entities, columns).await;
    if rows.as_ref().is_err_and(is_gone) {
        let relation = projection::relation(namespace, table);
        // From here to the end of the part nobody removes another one.
        execute(connection, &format!("rollback to savepoint part; lock table {relation} in access share mode")).await?;
        let mut left = Vec::with_capacity(columns.len());
        for column in columns.drain(..) {
            if exists(connection, &relation, &column).await? {
                left.push(column);
            }
        }
        *columns = left;
        rows = read(connection, namespace, table, entities, columns).await;
    }
    let rows = rows?;
    execute(connection, END_PART).await?;
    Ok(rows)
}

async fn exists(connection: &mut PgConnection, relation: &str, column: &IndexColumn) -> Result<bool> {
    execute(connection, "savepoint probe").await?;
    let name = index::column_name(column.id);
    match execute(connection, &format!("select {name} from {relation} limit 0; release savepoint probe")).await {
        Ok(()) => Ok(true),
        Err(error) if is_gone(&error) => {
            execute(connection, "rollback to savepoint probe; release savepoint probe").await?;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

async fn execute(connection: &mut PgConnection, statement: &str) -> Result<()> {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(statement))).await.map_err(to_error)?;
    Ok(())
}

async fn read(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    table: TableId,
    entities: &[EntityRow],
    indexed: &[IndexColumn],
) -> Result<HashMap<Vec<u8>, Projected>> {
    let relation = projection::relation(namespace, table);
    let columns = projection::COLUMNS;
    let indexed: Vec<String> = indexed.iter().map(|column| format!(", p.{}", index::column_name(column.id))).collect();
    let statement = format!("select p.entity, {columns}{} from {relation} p where p.key = any($1)", indexed.concat());
    let keys: Vec<&[u8]> = entities.iter().map(|entity| entity.key.as_slice()).collect();
    let rows = sqlx::query(AssertSqlSafe(statement)).bind(keys).fetch_all(connection).await.map_err(to_error)?;
    let mut projected = HashMap::with_capacity(rows.len());
    for row in &rows {
        if let Some(raw) = RawRecord::from_row(row, 1).map_err(to_error)? {
            let keys = (0..indexed.len()).map(|position| row.try_get(8 + position).map_err(to_error)).collect::<Result<_>>()?;
            projected.insert(raw.key.clone(), Projected { entity: row.try_get(0).map_err(to_error)?, raw, keys });
        }
    }
    Ok(projected)
}

async fn count(connection: &mut PgConnection, namespace: NamespaceId, table: TableId) -> Result<i64> {
    let relation = projection::relation(namespace, table);
    execute(connection, BEGIN_PART).await?;
    let count = AssertSqlSafe(format!("select count(*) from {relation}"));
    let row = sqlx::query(count).fetch_one(&mut *connection).await.map_err(to_error)?;
    execute(connection, END_PART).await?;
    row.try_get(0).map_err(to_error)
}
