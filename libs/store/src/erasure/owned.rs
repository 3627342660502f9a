//! What an erased account owned.

use ddb_core::{EntityId, RecordId, RecordKey, Result, TableName, Tx, Value, attribute, canonical};
use sqlx::{PgConnection, Row};

use super::carry_out::Open;
use super::{Expected, step_if};
use crate::connection::to_error;
use crate::past::Lives;
use crate::projection;
use crate::system::NewErasure;
use crate::{Allowance, Step, Store, SystemRow, Write};

/// Records that are looked at together.
const LOOK: i64 = 5_000;
/// Records that are erased in one transaction: of those that exist the document, of up to 1 MB, is read under the lock.
const CHUNK: usize = 50;

/// Erases every record that belongs to the owner, also those that are deleted: the log still holds what they were. They are found by who owned them, among all
/// records, since nothing leads from an owner to what he deleted; where that was interrupted, it goes on. False where the time was over before the end.
pub(super) async fn erase(
    store: &Store,
    connection: &mut PgConnection,
    erasure: &Open,
    is_over: &(impl Fn() -> bool + Sync),
) -> Result<bool> {
    let Some(owner) = &erasure.owner else { return Ok(true) };
    let owner = projection::decode_key(owner)?;
    let value = canonical::encode(&Value::from(RecordId::new(TableName::user(), owner.clone())));
    let mut looked_at = erasure.looked_at;
    loop {
        let (last, entities) = once_owned(connection, erasure, &value, looked_at).await?;
        let Some(last) = last else { return Ok(true) };
        for entities in entities.chunks(CHUNK) {
            let head = store.head(erasure.namespace).await?;
            let lives = Lives::load(&mut *connection, erasure.namespace, entities, head).await?;
            let is_his = |entity: &i64| lives.get(entity).is_some_and(|lives| lives.last_owner() == Some(&owner));
            let his: Vec<i64> = entities.iter().copied().filter(is_his).collect();
            let steps = steps(connection, erasure, his, &owner).await?;
            if !steps.is_empty() {
                let system = vec![SystemRow::Erasure(NewErasure { account: None })];
                store
                    .write(Write {
                        namespace: erasure.namespace,
                        actor: None,
                        request: None,
                        steps,
                        allowance: Allowance::ANY,
                        system,
                    })
                    .await?;
            }
            if is_over() {
                return Ok(false);
            }
        }
        looked_at = last;
        remember(connection, erasure, looked_at).await?;
        if is_over() {
            return Ok(false);
        }
    }
}

/// The last of the next entities, None behind the last of all, and those of them with a name that have ever had the owner.
async fn once_owned(connection: &mut PgConnection, erasure: &Open, owner: &[u8], after: i64) -> Result<(Option<i64>, Vec<i64>)> {
    let row = sqlx::query(
        "
        with looked as (
            select id, key
            from ddb.entity
            where namespace = $1 and id > $2
            order by id
            limit $5
        )
        select
            (select max(id) from looked),
            array(
                select l.id
                from looked l
                where l.key is not null
                  and exists (
                      select from ddb.triple f
                      where f.namespace = $1 and f.entity = l.id and f.attribute = $3 and f.value = $4
                  )
                order by l.id
            )
        ",
    )
    .bind(erasure.namespace.0)
    .bind(after)
    .bind(attribute::OWNER.0)
    .bind(owner)
    .bind(LOOK)
    .fetch_one(connection)
    .await
    .map_err(to_error)?;
    Ok((row.try_get(0).map_err(to_error)?, row.try_get(1).map_err(to_error)?))
}

async fn steps(connection: &mut PgConnection, erasure: &Open, entities: Vec<i64>, owner: &RecordKey) -> Result<Vec<Step>> {
    let rows = sqlx::query(
        "
        select t.name, e.key, e.id
        from ddb.entity e
        join ddb.data_table t on t.namespace = e.namespace and t.id = e.table_id
        where e.namespace = $1 and e.id = any($2) and e.key is not null
        ",
    )
    .bind(erasure.namespace.0)
    .bind(entities)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    let reason = format!("{} (its owner was erased in transaction {})", erasure.reason, Tx(erasure.tx));
    let mut steps = Vec::with_capacity(rows.len());
    for row in &rows {
        let table = TableName::parse(row.try_get(0).map_err(to_error)?)?;
        let key = projection::decode_key(row.try_get(1).map_err(to_error)?)?;
        let entity = EntityId(row.try_get(2).map_err(to_error)?);
        let expected = Expected { entity, owner: Some(owner.clone()) };
        steps.push(step_if(RecordId::new(table, key), reason.clone(), expected));
    }
    Ok(steps)
}

async fn remember(connection: &mut PgConnection, erasure: &Open, looked_at: i64) -> Result<()> {
    sqlx::query("update ddb.erasure set looked_at = $3 where namespace = $1 and entity = $2")
        .bind(erasure.namespace.0)
        .bind(erasure.entity)
        .bind(looked_at)
        .execute(connection)
        .await
        .map_err(to_error)?;
    Ok(())
}
