//! What other relations hold of erased records.

use std::collections::BTreeMap;

use ddb_core::{NamespaceId, RecordId, Result, TableName};
use sqlx::PgConnection;

use super::carry_out::Open;
use crate::connection::to_error;
use crate::{kept, projection};

/// Clears answers that are kept, and who made or asked for something where it was an erased account; then the erasures count as cleared.
pub(super) async fn clear(connection: &mut PgConnection, cleared: &[&Open]) -> Result<()> {
    let mut by_namespace: BTreeMap<NamespaceId, Vec<i64>> = BTreeMap::new();
    for erasure in cleared {
        if let Some(owner) = &erasure.owner {
            clear_account(connection, erasure.namespace, owner).await?;
        }
        by_namespace.entry(erasure.namespace).or_default().push(erasure.entity);
    }
    for (namespace, entities) in by_namespace {
        // What was asked is told by its hash, if it is short.
        sqlx::query(
            "
            update ddb.kept_answer
            set body = null, request = ''
            where namespace = $1 and entities && $2 and (body is not null or request <> '')
            ",
        )
        .bind(namespace.0)
        .bind(&entities)
        .execute(&mut *connection)
        .await
        .map_err(to_error)?;
        // It may name records that are in the way of an index.
        sqlx::query(
            "
            update ddb.index_definition
            set problem = 'records were in the way, and records of the table have been erased since; remove the index and define it again'
            where namespace = $1 and problem is not null and table_id in (
                select table_id from ddb.entity where namespace = $1 and id = any($2)
            )
            ",
        )
        .bind(namespace.0)
        .bind(&entities)
        .execute(&mut *connection)
        .await
        .map_err(to_error)?;
        sqlx::query(
            "
            update ddb.erasure
            set cleared_at = (extract(epoch from clock_timestamp()) * 1000000)::bigint, owner = null
            where namespace = $1 and entity = any($2)
            ",
        )
        .bind(namespace.0)
        .bind(&entities)
        .execute(&mut *connection)
        .await
        .map_err(to_error)?;
    }
    Ok(())
}

async fn clear_account(connection: &mut PgConnection, namespace: NamespaceId, owner: &[u8]) -> Result<()> {
    let key = projection::decode_key(owner)?;
    let id = key.literal().to_string();
    let record = RecordId::new(TableName::user(), key).literal().to_string();
    sqlx::query("delete from ddb.kept_answer where namespace = $1 and caller = $2")
        .bind(namespace.0)
        .bind(owner)
        .execute(&mut *connection)
        .await
        .map_err(to_error)?;
    for (statement, name) in [
        // It still counts against what all accounts together may make.
        ("update ddb.data_table set created_by = 'erased' where namespace = $1 and created_by = $2", &record),
        ("update ddb.index_definition set created_by = null where namespace = $1 and created_by = $2", &id),
        ("update ddb.job set created_by = null where namespace = $1 and created_by = $2", &record),
    ] {
        sqlx::query(statement).bind(namespace.0).bind(name).execute(&mut *connection).await.map_err(to_error)?;
    }
    if namespace == NamespaceId::MAIN {
        clear_root(connection, &record, owner).await?;
    }
    Ok(())
}

/// What it made in other namespaces, where it was root.
async fn clear_root(connection: &mut PgConnection, record: &str, owner: &[u8]) -> Result<()> {
    sqlx::query("update ddb.namespace set created_by = null where created_by = $1")
        .bind(record)
        .execute(&mut *connection)
        .await
        .map_err(to_error)?;
    sqlx::query("delete from ddb.kept_answer k using ddb.namespace n where k.namespace = n.id and k.caller = $1")
        .bind(kept::caller_of_root(owner))
        .execute(connection)
        .await
        .map_err(to_error)?;
    Ok(())
}
