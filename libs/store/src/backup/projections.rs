//! The projections of a namespace, from its facts, in the transaction that loaded these.

use ddb_core::{NamespaceId, Result, TableId};
use sqlx::{AssertSqlSafe, Executor, PgConnection};

use super::Progress;
use crate::catalogue;
use crate::connection::to_error;
use crate::fold::{self, Batch, Batches, EntityRow};
use crate::index::{self, IndexColumn, Indexes};
use crate::projection::{self, CopiedRows, NewRow};

/// Entities that are looked at at a time.
const CHUNK: i64 = 5_000;
/// Values that are folded before rows are written, as both use the one connection that sees the facts.
const PART_BYTES: usize = 8 << 20;

/// Makes every projection with its indexes. Gives the number of records.
pub(super) async fn build(connection: &mut PgConnection, namespace: NamespaceId, progress: &Progress) -> Result<u64> {
    let names = fold::attribute_names(connection, namespace).await?;
    let indexes = Indexes::load(connection, namespace).await?;
    let mut records = 0;
    for (table, name) in catalogue::all_tables(connection, namespace).await? {
        progress.begin(format!("records of {name}"));
        let indexes = indexes.of(table).cloned().unwrap_or_default();
        projection::create_bare(connection, namespace, table).await?;
        for column in &indexes.columns {
            index::add_column_to_projection(connection, namespace, table, column.id).await?;
        }
        let relation = projection::relation(namespace, table);
        let mut after = 0;
        loop {
            let entities = fold::entities(connection, namespace, table, after, CHUNK).await?;
            let Some(last) = entities.last() else { break };
            after = last.id;
            for part in parts(connection, namespace, entities).await? {
                let mut batches = Batches::of(connection, namespace, part, &names);
                let mut folded = Vec::new();
                while let Some(batch) = batches.next().await? {
                    folded.push(batch);
                }
                drop(batches);
                let written = write(connection, &relation, &indexes.columns, &folded).await?;
                progress.add(written, 0);
                records += written;
            }
        }
        finish(connection, namespace, table, &relation).await?;
        index::create_ready(connection, namespace, &indexes).await?;
    }
    Ok(records)
}

async fn finish(connection: &mut PgConnection, namespace: NamespaceId, table: TableId, relation: &str) -> Result<()> {
    projection::create_indexes(connection, namespace, table).await?;
    connection.execute(sqlx::raw_sql(AssertSqlSafe(format!("analyze {relation}")))).await.map_err(to_error)?;
    Ok(())
}

/// The entities in groups whose values are few enough to be held in memory. One with a longer history is alone: while it is folded, only its newest
/// state is held.
async fn parts(connection: &mut PgConnection, namespace: NamespaceId, entities: Vec<EntityRow>) -> Result<Vec<Vec<EntityRow>>> {
    let sizes = fold::sizes(connection, namespace, &entities).await?;
    let mut parts: Vec<Vec<EntityRow>> = Vec::new();
    let mut bytes = PART_BYTES;
    for entity in entities {
        let size = sizes.get(&entity.id).copied().unwrap_or(0);
        match parts.last_mut() {
            Some(part) if bytes + size <= PART_BYTES => part.push(entity),
            _ => {
                parts.push(vec![entity]);
                bytes = 0;
            }
        }
        bytes += size;
    }
    Ok(parts)
}

/// Gives the number of records.
async fn write(connection: &mut PgConnection, relation: &str, columns: &[IndexColumn], folded: &[Batch]) -> Result<u64> {
    let mut rows = CopiedRows::new(columns);
    for batch in folded {
        for entity in &batch.entities {
            let Some(record) = batch.folded.get(&entity.id) else { continue };
            rows.push(&NewRow::of(entity, record))?;
        }
    }
    rows.write(connection, relation).await
}
