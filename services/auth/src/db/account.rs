use ddb_api::bus::Revoked;
use ddb_core::{NamespaceId, Result, Timestamp};
use ddb_store::identity::{self, REVOKED};
use ddb_store::to_error;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgExecutor, Row};

use crate::email::Email;

pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) password_hash: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) verified: bool,
    pub(crate) banned: bool,
    pub(crate) epoch: i64,
    pub(crate) created: Timestamp,
}

fn account(row: &PgRow) -> Result<Account, sqlx::Error> {
    Ok(Account {
        id: row.try_get(0)?,
        email: row.try_get(1)?,
        password_hash: row.try_get(2)?,
        roles: row.try_get(3)?,
        verified: row.try_get(4)?,
        banned: row.try_get(5)?,
        epoch: row.try_get(6)?,
        created: Timestamp(row.try_get(7)?),
    })
}

pub(crate) async fn with_email(executor: impl PgExecutor<'_>, namespace: NamespaceId, email: &Email) -> Result<Option<Account>> {
    let row = sqlx::query(
        "
        select id, email, password_hash, roles, verified, banned_at is not null, epoch, created_at
        from ddb.account
        where namespace = $1 and email = $2
        ",
    )
    .bind(namespace.0)
    .bind(email.as_str())
    .fetch_optional(executor)
    .await
    .map_err(to_error)?;
    row.as_ref().map(account).transpose().map_err(to_error)
}

pub(crate) async fn with_id(executor: impl PgExecutor<'_>, namespace: NamespaceId, id: &str) -> Result<Option<Account>> {
    let row = sqlx::query(
        "
        select id, email, password_hash, roles, verified, banned_at is not null, epoch, created_at
        from ddb.account
        where namespace = $1 and id = $2
        ",
    )
    .bind(namespace.0)
    .bind(id)
    .fetch_optional(executor)
    .await
    .map_err(to_error)?;
    row.as_ref().map(account).transpose().map_err(to_error)
}

/// Until the end of the transaction nobody else signs in to it or changes its password.
pub(crate) async fn lock(connection: &mut PgConnection, namespace: NamespaceId, id: &str) -> Result<Option<Account>> {
    let row = sqlx::query(
        "
        select id, email, password_hash, roles, verified, banned_at is not null, epoch, created_at
        from ddb.account
        where namespace = $1 and id = $2
        for no key update
        ",
    )
    .bind(namespace.0)
    .bind(id)
    .fetch_optional(connection)
    .await
    .map_err(to_error)?;
    row.as_ref().map(account).transpose().map_err(to_error)
}

/// The same password with a new hash.
pub(crate) async fn rehash(connection: &mut PgConnection, namespace: NamespaceId, id: &str, hash: &str) -> Result<()> {
    sqlx::query("update ddb.account set password_hash = $3 where namespace = $1 and id = $2")
        .bind(namespace.0)
        .bind(id)
        .bind(hash)
        .execute(connection)
        .await
        .map_err(to_error)?;
    Ok(())
}

/// Another password: every access token made so far ends. Gives the new epoch.
pub(crate) async fn change_password(connection: &mut PgConnection, namespace: NamespaceId, id: &str, hash: &str) -> Result<i64> {
    let row = sqlx::query(
        "
        update ddb.account
        set password_hash = $3, epoch = epoch + 1
        where namespace = $1 and id = $2
        returning epoch
        ",
    )
    .bind(namespace.0)
    .bind(id)
    .bind(hash)
    .fetch_one(connection)
    .await
    .map_err(to_error)?;
    row.try_get(0).map_err(to_error)
}

pub(crate) async fn admins(executor: impl PgExecutor<'_>, namespace: NamespaceId) -> Result<Vec<Account>> {
    let rows = sqlx::query(
        "
        select id, email, password_hash, roles, verified, banned_at is not null, epoch, created_at
        from ddb.account
        where namespace = $1 and 'admin' = any(roles)
        order by created_at, id
        ",
    )
    .bind(namespace.0)
    .fetch_all(executor)
    .await
    .map_err(to_error)?;
    rows.iter().map(account).collect::<Result<_, _>>().map_err(to_error)
}

/// Until the end of the transaction nobody becomes less of an admin.
pub(crate) async fn lock_admins(connection: &mut PgConnection, namespace: NamespaceId) -> Result<Vec<Account>> {
    let rows = sqlx::query(
        "
        select id, email, password_hash, roles, verified, banned_at is not null, epoch, created_at
        from ddb.account
        where namespace = $1 and 'admin' = any(roles)
        order by id
        for no key update
        ",
    )
    .bind(namespace.0)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    rows.iter().map(account).collect::<Result<_, _>>().map_err(to_error)
}

/// Other roles; every process is told.
pub(crate) async fn set_roles(connection: &mut PgConnection, namespace: NamespaceId, id: &str, roles: &[String]) -> Result<()> {
    sqlx::query("update ddb.account set roles = $3 where namespace = $1 and id = $2")
        .bind(namespace.0)
        .bind(id)
        .bind(roles)
        .execute(&mut *connection)
        .await
        .map_err(to_error)?;
    notify(connection, namespace, id).await
}

/// Bans it, if it is not banned already; every access token made so far ends, and every process is told.
pub(crate) async fn ban(connection: &mut PgConnection, namespace: NamespaceId, id: &str) -> Result<()> {
    sqlx::query(
        "
        update ddb.account
        set banned_at = (extract(epoch from clock_timestamp()) * 1000000)::bigint, epoch = epoch + 1
        where namespace = $1 and id = $2 and banned_at is null
        ",
    )
    .bind(namespace.0)
    .bind(id)
    .execute(&mut *connection)
    .await
    .map_err(to_error)?;
    notify(connection, namespace, id).await
}

pub(crate) async fn unban(connection: &mut PgConnection, namespace: NamespaceId, id: &str) -> Result<()> {
    sqlx::query("update ddb.account set banned_at = null where namespace = $1 and id = $2")
        .bind(namespace.0)
        .bind(id)
        .execute(&mut *connection)
        .await
        .map_err(to_error)?;
    notify(connection, namespace, id).await
}

async fn notify(connection: &mut PgConnection, namespace: NamespaceId, id: &str) -> Result<()> {
    identity::notify(connection, REVOKED, &Revoked::account(namespace, id).to_json()).await
}

pub(crate) async fn admin_exists(executor: impl PgExecutor<'_>, namespace: NamespaceId) -> Result<bool> {
    let row = sqlx::query("select exists (select from ddb.account where namespace = $1 and 'admin' = any(roles))")
        .bind(namespace.0)
        .fetch_one(executor)
        .await
        .map_err(to_error)?;
    row.try_get(0).map_err(to_error)
}
