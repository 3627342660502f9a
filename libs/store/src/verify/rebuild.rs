//! The projections anew, from the facts.

use ddb_core::{NamespaceId, Result};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::connection::to_error;
use crate::fold::{self, Batch, Batches};
use crate::index::{self, IndexColumn, Indexes};
use crate::quota::Recount;
use crate::statement::Statement;
use crate::transactor::lock_statement;
use crate::{Store, catalogue, projection};

/// Entities whose facts are asked for at a time.
const CHUNK: i64 = 2_000;

/// Empties and refills every projection of a namespace, and counts anew what is held where there are limits, in one transaction that holds the namespace's lock: writers wait (and
/// are answered 503 once they have waited too long), readers see the old rows until it commits. Gives the number of records.
pub async fn rebuild(store: &Store, namespace: NamespaceId) -> Result<u64> {
    let mut connection = PgConnection::connect_with(store.options()).await.map_err(to_error)?;
    let begin = format!("set statement_timeout = 0; begin isolation level read committed; {}", lock_statement(namespace));
    connection.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await.map_err(to_error)?;
    // The facts arrive on a connection of their own while rows are written; nobody adds any while the lock is held.
    let mut facts = PgConnection::connect_with(store.options()).await.map_err(to_error)?;
    facts.execute(sqlx::raw_sql("set statement_timeout = 0")).await.map_err(to_error)?;
    let names = fold::attribute_names(&mut connection, namespace).await?;
    let mut records = 0;
    let indexes = Indexes::load(&mut connection, namespace).await?;
    let mut held = Recount::where_limited(&mut connection, namespace).await?;
    for (table, _) in catalogue::all_tables(&mut connection, namespace).await? {
        let relation = projection::relation(namespace, table);
        let columns = indexes.of(table).map_or(&[][..], |indexes| &indexes.columns);
        let clear = format!("delete from {relation}");
        connection.execute(sqlx::raw_sql(AssertSqlSafe(clear))).await.map_err(to_error)?;
        let mut after = 0;
        loop {
            let entities = fold::entities(&mut facts, namespace, table, after, CHUNK).await?;
            let Some(last) = entities.last() else { break };
            after = last.id;
            let mut batches = Batches::of(&mut facts, namespace, entities, &names);
            while let Some(batch) = batches.next().await? {
                records += fill(&mut connection, &relation, columns, &batch).await?;
                if let Some(held) = &mut held {
                    held.add(batch.folded.values())?;
                }
            }
        }
    }
    if let Some(held) = held {
        held.replace(&mut connection, namespace).await?;
    }
    // What was read before may have been what is mended now.
    index::raise(&mut connection, namespace).await?;
    facts.close().await.map_err(to_error)?;
    connection.execute(sqlx::raw_sql("commit")).await.map_err(to_error)?;
    connection.close().await.map_err(to_error)?;
    Ok(records)
}

/// Gives the number of records.
async fn fill(connection: &mut PgConnection, relation: &str, columns: &[IndexColumn], batch: &Batch) -> Result<u64> {
    let mut rows = projection::Rows::new(columns);
    for entity in &batch.entities {
        let Some(record) = batch.folded.get(&entity.id) else { continue };
        rows.push(projection::NewRow::of(entity, record))?;
    }
    let mut statement = Statement::new("");
    statement.sql = rows.insert(&mut statement, relation)?;
    let inserted = statement.query().execute(connection).await.map_err(to_error)?;
    Ok(inserted.rows_affected())
}
