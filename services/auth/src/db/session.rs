use std::time::Duration;

use ddb_api::bus::Revoked;
use ddb_core::{NamespaceId, Result, Timestamp, Uuid};
use ddb_store::identity::REVOKED;
use ddb_store::system::NewSession;
use ddb_store::to_error;
use sqlx::{PgConnection, PgExecutor, Row};

use crate::email::Email;
use ddb_http::limit::Network;

/// How many sessions of an account live at the same time, and how many ended ones are remembered.
pub(crate) const MOST: i64 = 50;
/// How long a session lives that is not refreshed.
pub(crate) const IDLE: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a session lives in all.
pub(crate) const WHOLE: Duration = Duration::from_secs(90 * 24 * 3600);
/// How long a network is familiar after the last sign-in from it, and an ended session remembered for that.
const FAMILIAR: Duration = Duration::from_secs(30 * 24 * 3600);

/// A session as its owner sees it.
pub(crate) struct Device {
    pub(crate) id: Uuid,
    pub(crate) created: Timestamp,
    pub(crate) rotated: Timestamp,
    pub(crate) user_agent: Option<String>,
    pub(crate) address: Option<String>,
}

/// A session under its lock, for refreshing it.
pub(crate) struct Locked {
    pub(crate) namespace: NamespaceId,
    pub(crate) account: String,
    pub(crate) counter: i64,
    pub(crate) created: Timestamp,
    pub(crate) rotated: Timestamp,
    pub(crate) ended: bool,
    /// PostgreSQL's clock.
    pub(crate) now: Timestamp,
}

pub(crate) async fn insert(connection: &mut PgConnection, namespace: NamespaceId, session: &NewSession) -> Result<()> {
    sqlx::query(
        "
        insert into ddb.session (id, namespace, account, created_at, rotated_at, user_agent, address)
        select $1::uuid, $2, $3, now, now, $4, $5
        from (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now) clock
        ",
    )
    .bind(session.id.to_string())
    .bind(namespace.0)
    .bind(&session.account)
    .bind(&session.user_agent)
    .bind(&session.address)
    .execute(connection)
    .await
    .map_err(to_error)?;
    Ok(())
}

/// Ends the oldest beyond the most that may live, and says how many it ended.
pub(crate) async fn end_excess(connection: &mut PgConnection, namespace: NamespaceId, account: &str) -> Result<u64> {
    let ended = sqlx::query(
        "
        update ddb.session
        set ended_at = (extract(epoch from clock_timestamp()) * 1000000)::bigint
        where id in (
            select id
            from ddb.session
            where namespace = $1 and account = $2 and ended_at is null
            order by rotated_at desc, created_at desc, id desc
            offset $3
        )
        ",
    )
    .bind(namespace.0)
    .bind(account)
    .bind(MOST)
    .execute(connection)
    .await
    .map_err(to_error)?;
    Ok(ended.rows_affected())
}

/// Forgets the ended ones beyond the newest, so that signing in again and again does not fill the table.
pub(crate) async fn forget_excess(connection: &mut PgConnection, namespace: NamespaceId, account: &str) -> Result<()> {
    sqlx::query(
        "
        delete from ddb.session
        where id in (
            select id
            from ddb.session
            where namespace = $1 and account = $2 and ended_at is not null
            order by ended_at desc, id
            offset $3
        )
        ",
    )
    .bind(namespace.0)
    .bind(account)
    .bind(MOST)
    .execute(connection)
    .await
    .map_err(to_error)?;
    Ok(())
}

/// Until the end of the transaction nobody else refreshes or ends it.
pub(crate) async fn lock(connection: &mut PgConnection, id: Uuid) -> Result<Option<Locked>> {
    let row = sqlx::query(
        "
        select namespace, account, counter, created_at, rotated_at, ended_at is not null,
               (extract(epoch from clock_timestamp()) * 1000000)::bigint
        from ddb.session
        where id = $1::uuid
        for update
        ",
    )
    .bind(id.to_string())
    .fetch_optional(connection)
    .await
    .map_err(to_error)?;
    let Some(row) = row else { return Ok(None) };
    let read = || {
        Ok(Locked {
            namespace: NamespaceId(row.try_get(0)?),
            account: row.try_get(1)?,
            counter: row.try_get(2)?,
            created: Timestamp(row.try_get(3)?),
            rotated: Timestamp(row.try_get(4)?),
            ended: row.try_get(5)?,
            now: Timestamp(row.try_get(6)?),
        })
    };
    read().map(Some).map_err(to_error)
}

pub(crate) async fn rotate(connection: &mut PgConnection, id: Uuid, counter: i64, now: Timestamp) -> Result<()> {
    sqlx::query("update ddb.session set counter = $2, rotated_at = $3 where id = $1::uuid")
        .bind(id.to_string())
        .bind(counter)
        .bind(now.0)
        .execute(connection)
        .await
        .map_err(to_error)?;
    Ok(())
}

/// Whether it was signed in lately, however often it was refreshed since.
pub(crate) async fn is_recent(executor: impl PgExecutor<'_>, id: Uuid, within: Duration) -> Result<bool> {
    let row = sqlx::query(
        "
        select exists (
            select
            from ddb.session
            where id = $1::uuid and ended_at is null
              and created_at > (extract(epoch from clock_timestamp()) * 1000000)::bigint - $2
        )
        ",
    )
    .bind(id.to_string())
    .bind(within.as_micros() as i64)
    .fetch_one(executor)
    .await
    .map_err(to_error)?;
    row.try_get(0).map_err(to_error)
}

/// Ends it and tells every process; false where the account has no such session that lives.
pub(crate) async fn end(executor: impl PgExecutor<'_>, namespace: NamespaceId, account: &str, id: Uuid) -> Result<bool> {
    let rows = sqlx::query(
        "
        with ended as (
            update ddb.session
            set ended_at = (extract(epoch from clock_timestamp()) * 1000000)::bigint
            where id = $1::uuid and namespace = $2 and account = $3 and ended_at is null
            returning id
        )
        select pg_notify($4, $5) from ended
        ",
    )
    .bind(id.to_string())
    .bind(namespace.0)
    .bind(account)
    .bind(REVOKED)
    .bind(Revoked::session(namespace, account, id).to_json())
    .fetch_all(executor)
    .await
    .map_err(to_error)?;
    Ok(!rows.is_empty())
}

/// Ends all of an account, tells every process, and says how many it ended.
pub(crate) async fn end_all(executor: impl PgExecutor<'_>, namespace: NamespaceId, account: &str) -> Result<u64> {
    let row = sqlx::query(
        "
        with ended as (
            update ddb.session
            set ended_at = (extract(epoch from clock_timestamp()) * 1000000)::bigint
            where namespace = $1 and account = $2 and ended_at is null
            returning id
        )
        select count(*), (select pg_notify($3, $4) from ended limit 1) from ended
        ",
    )
    .bind(namespace.0)
    .bind(account)
    .bind(REVOKED)
    .bind(Revoked::account(namespace, account).to_json())
    .fetch_one(executor)
    .await
    .map_err(to_error)?;
    let ended: i64 = row.try_get(0).map_err(to_error)?;
    Ok(ended.unsigned_abs())
}

/// Those that can still be refreshed, the latest used first.
pub(crate) async fn living(executor: impl PgExecutor<'_>, namespace: NamespaceId, account: &str) -> Result<Vec<Device>> {
    let rows = sqlx::query(
        "
        with clock as (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now)
        select id::text, created_at, rotated_at, user_agent, address
        from ddb.session, clock
        where namespace = $1 and account = $2 and ended_at is null and rotated_at > now - $3 and created_at > now - $4
        order by rotated_at desc, id
        ",
    )
    .bind(namespace.0)
    .bind(account)
    .bind(IDLE.as_micros() as i64)
    .bind(WHOLE.as_micros() as i64)
    .fetch_all(executor)
    .await
    .map_err(to_error)?;
    let mut devices = Vec::with_capacity(rows.len());
    for row in rows {
        let id: String = row.try_get(0).map_err(to_error)?;
        let read = || {
            Ok(Device {
                id: Uuid::parse_str(&id).map_err(|error| sqlx::Error::Decode(error.into()))?,
                created: Timestamp(row.try_get(1)?),
                rotated: Timestamp(row.try_get(2)?),
                user_agent: row.try_get(3)?,
                address: row.try_get(4)?,
            })
        };
        devices.push(read().map_err(to_error)?);
    }
    Ok(devices)
}

/// A session as it is stored, also one that has ended: it is remembered for a while.
pub(crate) struct Stored {
    pub(crate) created: Timestamp,
    pub(crate) rotated: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) user_agent: Option<String>,
    pub(crate) address: Option<String>,
}

/// All that are stored of an account, the latest first.
pub(crate) async fn stored(executor: impl PgExecutor<'_>, namespace: NamespaceId, account: &str) -> Result<Vec<Stored>> {
    let rows = sqlx::query(
        "
        select created_at, rotated_at, ended_at, user_agent, address
        from ddb.session
        where namespace = $1 and account = $2
        order by created_at desc, id
        ",
    )
    .bind(namespace.0)
    .bind(account)
    .fetch_all(executor)
    .await
    .map_err(to_error)?;
    rows.iter()
        .map(|row| {
            Ok(Stored {
                created: Timestamp(row.try_get(0)?),
                rotated: Timestamp(row.try_get(1)?),
                ended: row.try_get::<Option<i64>, _>(2)?.map(Timestamp),
                user_agent: row.try_get(3)?,
                address: row.try_get(4)?,
            })
        })
        .collect::<Result<_, sqlx::Error>>()
        .map_err(to_error)
}

/// Whether the account with that address has signed in from the network lately.
pub(crate) async fn is_familiar(
    executor: impl PgExecutor<'_>,
    namespace: NamespaceId,
    email: &Email,
    network: Network,
) -> Result<bool> {
    let row = sqlx::query(
        "
        select exists (
            select
            from ddb.account
            join ddb.session on session.namespace = account.namespace and session.account = account.id
            where account.namespace = $1 and account.email = $2 and session.address = $3
              and session.created_at > (extract(epoch from clock_timestamp()) * 1000000)::bigint - $4
        )
        ",
    )
    .bind(namespace.0)
    .bind(email.as_str())
    .bind(network.to_string())
    .bind(FAMILIAR.as_micros() as i64)
    .fetch_one(executor)
    .await
    .map_err(to_error)?;
    row.try_get(0).map_err(to_error)
}

/// Deletes those that ended or can no longer be refreshed, once they no longer make a network familiar. Leaves what is locked to the next time.
pub(crate) async fn sweep(executor: impl PgExecutor<'_>) -> Result<u64> {
    let swept = sqlx::query(
        "
        with clock as (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now)
        delete from ddb.session
        where id in (
            select id
            from ddb.session, clock
            where created_at < now - $1 and (ended_at is not null or rotated_at < now - $2 or created_at < now - $3)
            for update of session skip locked
        )
        ",
    )
    .bind(FAMILIAR.as_micros() as i64)
    .bind(IDLE.as_micros() as i64)
    .bind(WHOLE.as_micros() as i64)
    .execute(executor)
    .await
    .map_err(to_error)?;
    Ok(swept.rows_affected())
}
