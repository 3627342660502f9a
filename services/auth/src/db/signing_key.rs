use std::time::Duration;

use ddb_core::Result;
use ddb_store::identity::KEYS_CHANGED;
use ddb_store::to_error;
use sqlx::{PgConnection, PgExecutor, Row};

/// Serialises those who would make or replace a key. Any number that no other part uses.
const LOCK: i64 = 0x6464_625f_6b65_7973;

pub(crate) struct NewKey {
    pub(crate) id: String,
    pub(crate) modulus: Vec<u8>,
    pub(crate) exponent: Vec<u8>,
    pub(crate) private_box: Vec<u8>,
}

pub(crate) struct StoredKey {
    pub(crate) id: String,
    pub(crate) private_box: Vec<u8>,
}

/// Until the end of the transaction.
pub(crate) async fn lock(connection: &mut PgConnection) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(connection).await.map_err(to_error)?;
    Ok(())
}

/// The key to sign with. A new one is taken up when it is two seconds old, so that all who verify have heard of it; until then its predecessor goes on.
pub(crate) async fn newest(executor: impl PgExecutor<'_>) -> Result<Option<StoredKey>> {
    let row = sqlx::query(
        "
        with clock as (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now)
        select id, private_box
        from ddb.signing_key, clock
        where retired_at is null or retired_at > now - 60 * 1000000
        order by created_at > now - 2 * 1000000, created_at desc, id
        limit 1
        ",
    )
    .fetch_optional(executor)
    .await
    .map_err(to_error)?;
    let Some(row) = row else { return Ok(None) };
    let id = row.try_get(0).map_err(to_error)?;
    Ok(Some(StoredKey { id, private_box: row.try_get(1).map_err(to_error)? }))
}

/// Whether no key in use is younger than `age`.
pub(crate) async fn is_older_than(executor: impl PgExecutor<'_>, age: Duration) -> Result<bool> {
    let row = sqlx::query(
        "
        select not exists (
            select from ddb.signing_key
            where retired_at is null
              and created_at > (extract(epoch from clock_timestamp()) * 1000000)::bigint - $1
        )
        ",
    )
    .bind(age.as_micros() as i64)
    .fetch_one(executor)
    .await
    .map_err(to_error)?;
    row.try_get(0).map_err(to_error)
}

pub(crate) async fn insert(connection: &mut PgConnection, key: &NewKey) -> Result<()> {
    sqlx::query(
        "
        insert into ddb.signing_key (id, modulus, exponent, private_box, created_at)
        values ($1, $2, $3, $4, (extract(epoch from clock_timestamp()) * 1000000)::bigint)
        ",
    )
    .bind(&key.id)
    .bind(&key.modulus)
    .bind(&key.exponent)
    .bind(&key.private_box)
    .execute(connection)
    .await
    .map_err(to_error)?;
    Ok(())
}

pub(crate) async fn retire_others(connection: &mut PgConnection, id: &str) -> Result<()> {
    sqlx::query(
        "
        update ddb.signing_key
        set retired_at = (extract(epoch from clock_timestamp()) * 1000000)::bigint
        where id <> $1 and retired_at is null
        ",
    )
    .bind(id)
    .execute(connection)
    .await
    .map_err(to_error)?;
    Ok(())
}

/// Those that have verified nothing for a day.
pub(crate) async fn sweep(executor: impl PgExecutor<'_>) -> Result<u64> {
    let swept = sqlx::query(
        "
        delete from ddb.signing_key
        where retired_at < (extract(epoch from clock_timestamp()) * 1000000)::bigint - 24 * 3600 * 1000000::bigint
        ",
    )
    .execute(executor)
    .await
    .map_err(to_error)?;
    Ok(swept.rows_affected())
}

pub(crate) async fn notify(connection: &mut PgConnection) -> Result<()> {
    ddb_store::identity::notify(connection, KEYS_CHANGED, "").await
}
