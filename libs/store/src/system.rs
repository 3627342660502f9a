//! Rows that are never facts, written in the transaction of the records that go with them.

use std::collections::HashSet;

use ddb_core::{NamespaceId, Timestamp, Uuid};
use sqlx::{PgConnection, Row};

use crate::identity::REVOKED;

/// A system row that a write carries.
#[derive(Debug, Clone)]
pub enum SystemRow {
    /// Refused with `CONFLICT` where the address is taken in the namespace.
    Account(NewAccount),
    Session(NewSession),
    /// What a write has that erases records.
    Erasure(NewErasure),
}

#[derive(Debug, Clone, Default)]
pub struct NewErasure {
    /// Whose record it is; the account goes with it, and so does what it owns.
    pub account: Option<ErasedAccount>,
}

#[derive(Debug, Clone)]
pub struct ErasedAccount {
    /// The key of its record in the table `user`: a string. It need not exist.
    pub id: String,
    /// What every process that knows its sessions is told, on [`crate::identity::REVOKED`].
    pub notice: String,
    /// Otherwise the erasure of the only admin who can sign in is refused.
    pub may_be_last_admin: bool,
}

#[derive(Clone)]
pub struct NewAccount {
    /// The key of its record in the table `user`: a string.
    pub id: String,
    /// In its canonical form.
    pub email: String,
    pub password_hash: Option<String>,
    pub roles: Vec<String>,
    pub verified: bool,
}

#[derive(Debug, Clone)]
pub struct NewSession {
    pub id: Uuid,
    pub account: String,
    pub user_agent: Option<String>,
    pub address: Option<String>,
}

impl std::fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAccount").field("id", &self.id).field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// Those of the addresses that accounts of the namespace have.
pub(crate) async fn taken_emails(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    emails: Vec<String>,
) -> Result<HashSet<String>, sqlx::Error> {
    let rows = sqlx::query("select email from ddb.account where namespace = $1 and email = any($2)")
        .bind(namespace.0)
        .bind(emails)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// The only admin of the namespace who can sign in, where there is one alone; until the end of the transaction nobody becomes less of an admin.
pub(crate) async fn last_admin(connection: &mut PgConnection, namespace: NamespaceId) -> Result<Option<String>, sqlx::Error> {
    let rows = sqlx::query(
        "
        select id, banned_at is not null
        from ddb.account
        where namespace = $1 and 'admin' = any(roles)
        order by id
        for no key update
        ",
    )
    .bind(namespace.0)
    .fetch_all(connection)
    .await?;
    let mut admins = Vec::new();
    for row in &rows {
        if !row.try_get::<bool, _>(1)? {
            admins.push(row.try_get(0)?);
        }
    }
    Ok(if admins.len() == 1 { admins.pop() } else { None })
}

/// Removes an account with its sessions, and tells every process.
async fn erase_account(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    ErasedAccount { id, notice, .. }: &ErasedAccount,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from ddb.account where namespace = $1 and id = $2")
        .bind(namespace.0)
        .bind(id)
        .execute(&mut *connection)
        .await?;
    // Writers look up anew who writes.
    sqlx::query("update ddb.namespace set definitions = definitions + 1 where id = $1")
        .bind(namespace.0)
        .execute(&mut *connection)
        .await?;
    sqlx::query("select pg_notify($1, $2)").bind(REVOKED).bind(notice).execute(connection).await?;
    Ok(())
}

/// Writes the rows of a group, a statement for each relation; `now` is the time of its transactions.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    now: Timestamp,
    rows: &[SystemRow],
) -> Result<(), sqlx::Error> {
    let (mut accounts, mut sessions) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            SystemRow::Account(account) => accounts.push(account),
            SystemRow::Session(session) => sessions.push(session),
            SystemRow::Erasure(NewErasure { account: Some(account) }) => erase_account(connection, namespace, account).await?,
            SystemRow::Erasure(NewErasure { account: None }) => {}
        }
    }
    if !accounts.is_empty() {
        insert_accounts(connection, namespace, now, &accounts).await?;
    }
    if !sessions.is_empty() {
        insert_sessions(connection, namespace, now, &sessions).await?;
    }
    Ok(())
}

async fn insert_accounts(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    now: Timestamp,
    accounts: &[&NewAccount],
) -> Result<(), sqlx::Error> {
    // Arrays of arrays have one length in PostgreSQL, so the roles, which hold no comma, come as text.
    sqlx::query(
        "
        insert into ddb.account (namespace, id, email, password_hash, roles, verified, created_at)
        select $1, u.id, u.email, u.password_hash, string_to_array(u.roles, ','), u.verified, $2
        from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bool[]) as u (id, email, password_hash, roles, verified)
        ",
    )
    .bind(namespace.0)
    .bind(now.0)
    .bind(accounts.iter().map(|account| account.id.as_str()).collect::<Vec<_>>())
    .bind(accounts.iter().map(|account| account.email.as_str()).collect::<Vec<_>>())
    .bind(accounts.iter().map(|account| account.password_hash.as_deref()).collect::<Vec<_>>())
    .bind(accounts.iter().map(|account| account.roles.join(",")).collect::<Vec<_>>())
    .bind(accounts.iter().map(|account| account.verified).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_sessions(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    now: Timestamp,
    sessions: &[&NewSession],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "
        insert into ddb.session (id, namespace, account, created_at, rotated_at, user_agent, address)
        select u.id::uuid, $1, u.account, $2, $2, u.user_agent, u.address
        from unnest($3::text[], $4::text[], $5::text[], $6::text[]) as u (id, account, user_agent, address)
        ",
    )
    .bind(namespace.0)
    .bind(now.0)
    .bind(sessions.iter().map(|session| session.id.to_string()).collect::<Vec<_>>())
    .bind(sessions.iter().map(|session| session.account.as_str()).collect::<Vec<_>>())
    .bind(sessions.iter().map(|session| session.user_agent.as_deref()).collect::<Vec<_>>())
    .bind(sessions.iter().map(|session| session.address.as_deref()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
