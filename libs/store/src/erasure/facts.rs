//! Values of facts become commitments.

use ddb_core::{Result, attribute, chain};
use sqlx::{PgConnection, Row};

use super::carry_out::Open;
use crate::connection::to_error;
use crate::dictionary;

/// Facts that are cleared in one transaction, and the bytes of their values (a value has up to 1 MB).
const CHUNK: i64 = 1_000;
const CHUNK_BYTES: i64 = 4 << 20;

/// Where the last fact of a chunk stands in the index (entity, attribute, tx).
#[derive(Clone, Copy)]
struct Last {
    attribute: i32,
    tx: i64,
    position: i32,
}

/// The values of a chunk and the commitments that stand for them.
#[derive(Default)]
struct Chunk {
    attributes: Vec<i32>,
    transactions: Vec<i64>,
    positions: Vec<i32>,
    commitments: Vec<Vec<u8>>,
}

/// Clears what the log says of a record, but not that it was erased. Nobody adds facts to a record without a name, so nobody is waited for. False where the
/// time was over before the end.
pub(super) async fn clear(connection: &mut PgConnection, erasure: &Open, is_over: &(impl Fn() -> bool + Sync)) -> Result<bool> {
    let mut last = Last { attribute: 0, tx: 0, position: 0 };
    loop {
        let chunk = next(connection, erasure, &mut last).await?;
        if chunk.transactions.is_empty() {
            return Ok(true);
        }
        write(connection, erasure, chunk).await?;
        if is_over() {
            return Ok(false);
        }
    }
}

async fn next(connection: &mut PgConnection, erasure: &Open, last: &mut Last) -> Result<Chunk> {
    let rows = sqlx::query(
        "
        select attribute, tx, position, value, salt
        from (
            select *, sum(octet_length(value)) over (order by attribute, tx, position) - octet_length(value) as before
            from (
                select attribute, tx, position, value, salt
                from ddb.triple
                where namespace = $1 and entity = $2 and value is not null and attribute <> $3
                  and (attribute, tx) >= ($4, $5) and ((attribute, tx) > ($4, $5) or position > $6)
                order by attribute, tx, position
                limit $7
            ) chunk
        ) measured
        where before < $8
        order by attribute, tx, position
        ",
    )
    .bind(erasure.namespace.0)
    .bind(erasure.entity)
    .bind(attribute::ERASED.0)
    .bind(last.attribute)
    .bind(last.tx)
    .bind(last.position)
    .bind(CHUNK)
    .bind(CHUNK_BYTES)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    let mut chunk = Chunk::default();
    for row in &rows {
        let read = || Ok(Last { attribute: row.try_get(0)?, tx: row.try_get(1)?, position: row.try_get(2)? });
        *last = read().map_err(to_error)?;
        let (value, salt): (&[u8], &[u8]) = (row.try_get(3).map_err(to_error)?, row.try_get(4).map_err(to_error)?);
        chunk.attributes.push(last.attribute);
        chunk.transactions.push(last.tx);
        chunk.positions.push(last.position);
        chunk.commitments.push(chain::commitment(&dictionary::salt(salt)?, value).to_vec());
    }
    Ok(chunk)
}

async fn write(connection: &mut PgConnection, erasure: &Open, chunk: Chunk) -> Result<()> {
    sqlx::query(
        "
        update ddb.triple f
        set value = null, salt = null, commitment = u.commitment
        from unnest($3::int[], $4::bigint[], $5::int[], $6::bytea[]) as u (attribute, tx, position, commitment)
        where f.namespace = $1 and f.entity = $2 and f.attribute = u.attribute and f.tx = u.tx and f.position = u.position
        ",
    )
    .bind(erasure.namespace.0)
    .bind(erasure.entity)
    .bind(chunk.attributes)
    .bind(chunk.transactions)
    .bind(chunk.positions)
    .bind(chunk.commitments)
    .execute(connection)
    .await
    .map_err(to_error)?;
    Ok(())
}
