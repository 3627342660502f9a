//! What every process reads of the identity relations to know who asks, and how it hears that they changed.
//!
//! The auth service alone writes them (`services/auth/src/db`).

use std::time::Duration;

use ddb_core::{Error, NamespaceId, Result, Uuid};
use sqlx::postgres::PgListener;
use sqlx::{PgExecutor, Row};
use tokio::time::timeout;

use crate::Store;
use crate::connection::to_error;

/// Accounts or sessions changed.
pub const REVOKED: &str = "ddb_revoked";
/// Signing keys changed.
pub const KEYS_CHANGED: &str = "ddb_keys_changed";

/// How long a signing key verifies after it was replaced: the 15 minutes of the last token it signed, and the time until every signer has
/// taken up its successor.
pub const KEY_OUTLIVES: Duration = Duration::from_secs(17 * 60);

/// A session and its account, as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    pub namespace: NamespaceId,
    pub namespace_name: String,
    pub account: String,
    pub roles: Vec<String>,
    pub epoch: i64,
    /// Neither is the account banned nor has the session ended.
    pub valid: bool,
}

/// None where there is no such session.
pub async fn signed_in(executor: impl PgExecutor<'_>, session: Uuid) -> Result<Option<SignedIn>> {
    let row = sqlx::query(
        "
        select account.namespace, namespace.name, account.id, account.roles, account.epoch,
               account.banned_at is null and session.ended_at is null
        from ddb.session
        join ddb.account on account.namespace = session.namespace and account.id = session.account
        join ddb.namespace on namespace.id = session.namespace and namespace.name is not null
        where session.id = $1::uuid
        ",
    )
    .bind(session.to_string())
    .fetch_optional(executor)
    .await
    .map_err(to_error)?;
    let Some(row) = row else { return Ok(None) };
    let read = || {
        Ok(SignedIn {
            namespace: NamespaceId(row.try_get(0)?),
            namespace_name: row.try_get(1)?,
            account: row.try_get(2)?,
            roles: row.try_get(3)?,
            epoch: row.try_get(4)?,
            valid: row.try_get(5)?,
        })
    };
    read().map(Some).map_err(to_error)
}

/// A key that access tokens may be signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub id: String,
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
    /// How long it still verifies; None: until it is replaced.
    pub remaining: Option<Duration>,
}

/// The keys that verify now, the newest first.
pub async fn public_keys(executor: impl PgExecutor<'_>) -> Result<Vec<PublicKey>> {
    let rows = sqlx::query(
        "
        with clock as (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now)
        select id, modulus, exponent, retired_at + $1 - now
        from ddb.signing_key, clock
        where retired_at is null or retired_at + $1 > now
        order by created_at desc, id
        ",
    )
    .bind(KEY_OUTLIVES.as_micros() as i64)
    .fetch_all(executor)
    .await
    .map_err(to_error)?;
    let mut keys = Vec::with_capacity(rows.len());
    for row in rows {
        let read = || -> Result<PublicKey, sqlx::Error> {
            let remaining: Option<i64> = row.try_get(3)?;
            Ok(PublicKey {
                id: row.try_get(0)?,
                modulus: row.try_get(1)?,
                exponent: row.try_get(2)?,
                remaining: remaining.map(|micros| Duration::from_micros(micros.max(0).unsigned_abs())),
            })
        };
        keys.push(read().map_err(to_error)?);
    }
    Ok(keys)
}

/// Whether there is a signing key: then the database belongs to the master key that opens it.
pub async fn has_signing_key(executor: impl PgExecutor<'_>) -> Result<bool> {
    let row = sqlx::query("select exists (select from ddb.signing_key)").fetch_one(executor).await.map_err(to_error)?;
    row.try_get(0).map_err(to_error)
}

/// Tells every process that listens, when the transaction of `executor` commits.
pub async fn notify(executor: impl PgExecutor<'_>, channel: &str, payload: &str) -> Result<()> {
    sqlx::query("select pg_notify($1, $2)").bind(channel).bind(payload).execute(executor).await.map_err(to_error)?;
    Ok(())
}

/// A connection of its own that hears [`notify`].
pub struct Notifications {
    listener: PgListener,
}

/// A channel's name and what was said on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub channel: String,
    pub payload: String,
}

impl Notifications {
    /// Hears everything that commits after this returns, as long as no call of [`Self::next`] or [`Self::heartbeat`] has failed.
    pub async fn listen(store: &Store, channels: &[&str], within: Duration) -> Result<Self> {
        let connect = async {
            let mut listener = PgListener::connect_with(store.listeners()).await?;
            // A connection made anew in silence would be a gap in silence.
            listener.eager_reconnect(false);
            listener.listen_all(channels.iter().copied()).await?;
            Ok(listener)
        };
        let listener = in_time(within, connect).await?;
        Ok(Self { listener })
    }

    /// The next notification. Dropping the future loses nothing. After an error the value is of no more use.
    pub async fn next(&mut self) -> Result<Notification> {
        let heard = self.listener.try_recv().await.map_err(to_error)?;
        let heard = heard.ok_or_else(|| Error::unavailable("the connection that hears revocations is lost"))?;
        Ok(Notification { channel: heard.channel().to_owned(), payload: heard.payload().to_owned() })
    }

    /// A round trip on the connection that listens. PostgreSQL sends what was committed before on it ahead of its answer.
    pub async fn heartbeat(&mut self, within: Duration) -> Result<()> {
        in_time(within, async { sqlx::query("select 1").execute(&mut self.listener).await.map(drop) }).await
    }
}

async fn in_time<T>(within: Duration, work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T> {
    match timeout(within, work).await {
        Ok(result) => result.map_err(to_error),
        Err(_) => Err(Error::unavailable("PostgreSQL did not answer in time")),
    }
}
