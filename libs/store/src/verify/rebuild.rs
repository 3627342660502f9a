//! The projections anew, from the facts.

use ddb_core::{NamespaceId, Result, TableId, doc, sort_key};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::connection::to_error;
use crate::fold::{self, EntityRow};
use crate::transactor::lock_statement;
use crate::{Store, catalogue, projection};

/// Records that are written at a time.
const CHUNK: i64 = 2_000;

/// Empties and refills every projection of a namespace, in one transaction that holds the namespace's lock: writers wait (and
/// are answered 503 once they have waited too long), readers see the old rows until it commits. Gives the number of records.
pub async fn rebuild(store: &Store, namespace: NamespaceId) -> Result<u64> {
    let mut connection = PgConnection::connect_with(store.options()).await.map_err(to_error)?;
    let begin = format!("set statement_timeout = 0; begin isolation level read committed; {}", lock_statement(namespace));
    connection.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await.map_err(to_error)?;
    let names = fold::attribute_names(&mut connection, namespace).await?;
    let mut records = 0;
    for (table, _) in catalogue::all_tables(&mut connection, namespace).await? {
        let clear = format!("delete from {}", projection::relation(namespace, table));
        connection.execute(sqlx::raw_sql(AssertSqlSafe(clear))).await.map_err(to_error)?;
        let mut after = 0;
        loop {
            let entities = fold::entities(&mut connection, namespace, table, after, CHUNK).await?;
            let Some(last) = entities.last() else { break };
            after = last.id;
            let folded = fold::fold(&mut connection, namespace, &entities, &names).await?;
            records += folded.len() as u64;
            fill(&mut connection, namespace, table, &entities, &folded).await?;
        }
    }
    connection.execute(sqlx::raw_sql("commit")).await.map_err(to_error)?;
    connection.close().await.map_err(to_error)?;
    Ok(records)
}

async fn fill(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    table: TableId,
    entities: &[EntityRow],
    folded: &std::collections::HashMap<i64, fold::Folded>,
) -> Result<()> {
    let live: Vec<(&EntityRow, &fold::Folded)> =
        entities.iter().filter_map(|entity| Some((entity, folded.get(&entity.id)?))).collect();
    let owners = live
        .iter()
        .map(|(_, record)| record.owner.as_ref().map(sort_key::encode_record_key).transpose())
        .collect::<Result<Vec<Option<Vec<u8>>>>>()?;
    let relation = projection::relation(namespace, table);
    let statement = format!(
        "
        insert into {relation} (key, entity, doc, owner, created, updated, tx, expires)
        select u.key, u.entity, u.doc::jsonb, u.owner, u.created, u.updated, u.tx, u.expires
        from unnest($1::bytea[], $2::bigint[], $3::text[], $4::bytea[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
            as u (key, entity, doc, owner, created, updated, tx, expires)
        "
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(live.iter().map(|(entity, _)| entity.key.as_slice()).collect::<Vec<_>>())
        .bind(live.iter().map(|(entity, _)| entity.id).collect::<Vec<_>>())
        .bind(live.iter().map(|(_, record)| doc::encode(&record.fields)).collect::<Vec<_>>())
        .bind(owners)
        .bind(live.iter().map(|(_, record)| record.created.0).collect::<Vec<_>>())
        .bind(live.iter().map(|(_, record)| record.updated.0).collect::<Vec<_>>())
        .bind(live.iter().map(|(_, record)| record.tx.0).collect::<Vec<_>>())
        .bind(live.iter().map(|(_, record)| record.expires.map(|expires| expires.0)).collect::<Vec<_>>())
        .execute(connection)
        .await
        .map_err(to_error)?;
    Ok(())
}
