//! Rows that are never facts, written in the transaction of the records that go with them.

use std::collections::HashSet;

use ddb_core::{NamespaceId, Timestamp, Uuid};
use sqlx::{PgConnection, Row};

/// A system row that a write carries.
#[derive(Debug, Clone)]
pub enum SystemRow {
    /// Refused with `CONFLICT` where the address is taken in the namespace.
    Account(NewAccount),
    Session(NewSession),
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

/// Writes the rows of a group; `now` is the time of its transactions.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    now: Timestamp,
    rows: &[SystemRow],
) -> Result<(), sqlx::Error> {
    for row in rows {
        match row {
            SystemRow::Account(account) => insert_account(connection, namespace, now, account).await?,
            SystemRow::Session(session) => insert_session(connection, namespace, now, session).await?,
        }
    }
    Ok(())
}

async fn insert_account(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    now: Timestamp,
    account: &NewAccount,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "
        insert into ddb.account (namespace, id, email, password_hash, roles, verified, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        ",
    )
    .bind(namespace.0)
    .bind(&account.id)
    .bind(&account.email)
    .bind(&account.password_hash)
    .bind(&account.roles)
    .bind(account.verified)
    .bind(now.0)
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_session(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    now: Timestamp,
    session: &NewSession,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "
        insert into ddb.session (id, namespace, account, created_at, rotated_at, user_agent, address)
        values ($1::uuid, $2, $3, $4, $4, $5, $6)
        ",
    )
    .bind(session.id.to_string())
    .bind(namespace.0)
    .bind(&session.account)
    .bind(now.0)
    .bind(&session.user_agent)
    .bind(&session.address)
    .execute(connection)
    .await?;
    Ok(())
}
