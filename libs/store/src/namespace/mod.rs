//! Namespaces: each has an order, a lock, dictionaries and tables of its own.
//!
//! A process knows those that it was asked for ([`Realms`]) and asks PostgreSQL about them again before a second has passed, so that it learns within
//! that time of one that was made or removed elsewhere. A write asks anew under the lock. What a removed namespace held is deleted by a job (`purge`).

mod create;
mod purge;
mod realm;
mod remove;

use std::time::Duration;

use ddb_core::{Error, ErrorCode, NamespaceId, NamespaceName, RecordId, Result, Timestamp, Tx, Uuid};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor, Row};

use crate::Store;
use crate::connection::to_error;

pub use purge::purger;

pub(crate) use create::ensure_main;
pub(crate) use purge::purge_all;
pub(crate) use realm::{Realm, Realms};
pub(crate) use remove::take_name;

/// How long a process does without asking whether a namespace is still there.
const TRUSTED: Duration = Duration::from_millis(900);

/// What the store knows of a namespace for as long as it runs.
#[derive(Debug, Clone)]
pub(crate) struct Namespace {
    pub(crate) id: NamespaceId,
    /// Hashed into every transaction, so that the log of one namespace cannot pass for another's.
    pub(crate) uuid: Uuid,
}

/// A namespace as those see it who administer them.
#[derive(Debug, Clone)]
pub struct NamespaceInfo {
    pub id: NamespaceId,
    pub name: NamespaceName,
    pub uuid: Uuid,
    pub created: Timestamp,
    /// The record of the account of `main` that made it, as text; None: the system, and who was erased since.
    pub created_by: Option<String>,
    pub head: Tx,
}

const INFO: &str = "
    select n.id, n.name, n.uuid::text, n.created_at, n.created_by,
           coalesce((select tx from ddb.tx where namespace = n.id order by tx desc limit 1), 0)
    from ddb.namespace n
    where n.name is not null";

impl NamespaceInfo {
    fn from_row(row: &PgRow) -> Result<Self> {
        let name: &str = row.try_get(1).map_err(to_error)?;
        let uuid: &str = row.try_get(2).map_err(to_error)?;
        Ok(Self {
            id: NamespaceId(row.try_get(0).map_err(to_error)?),
            name: NamespaceName::parse(name)?,
            uuid: Uuid::parse_str(uuid).map_err(Error::internal)?,
            created: Timestamp(row.try_get(3).map_err(to_error)?),
            created_by: row.try_get(4).map_err(to_error)?,
            head: Tx(row.try_get(5).map_err(to_error)?),
        })
    }
}

impl Store {
    /// The namespace of this name; None where there is none.
    pub async fn namespace(&self, name: &NamespaceName) -> Result<Option<NamespaceId>> {
        Ok(self.realms().find(self.pool(), name).await?.map(|realm| realm.namespace.id))
    }

    /// Makes a namespace. 409 where the name is taken.
    pub async fn create_namespace(&self, name: &NamespaceName, by: Option<&RecordId>) -> Result<NamespaceInfo> {
        let mut lease = self.pool().lease().await?;
        let created = self.pool().in_time(create::create(lease.connection(), name, by)).await;
        lease.settle(created)
    }

    /// Every namespace, by name.
    pub async fn namespaces(&self) -> Result<Vec<NamespaceInfo>> {
        let statement = AssertSqlSafe(format!("{INFO} order by n.name collate \"C\""));
        let rows = sqlx::query(statement).fetch_all(self.pool()).await.map_err(to_error)?;
        rows.iter().map(NamespaceInfo::from_row).collect()
    }

    /// Removes a namespace with everything in it; false where there is none of the name. It is gone when this returns, here, and within a second
    /// in other processes; what it held is deleted later.
    pub async fn remove_namespace(&self, name: &NamespaceName) -> Result<bool> {
        let mut lease = self.pool().lease().await?;
        let removed = remove::remove(lease.connection(), name).await;
        let Some(id) = lease.settle(removed)? else { return Ok(false) };
        self.forget_namespace(id);
        Ok(true)
    }
}

/// Every namespace.
pub(crate) async fn all(connection: &mut PgConnection) -> Result<Vec<NamespaceId>> {
    let rows = sqlx::query("select id from ddb.namespace where name is not null order by id")
        .fetch_all(connection)
        .await
        .map_err(to_error)?;
    rows.iter().map(|row| row.try_get(0).map(NamespaceId).map_err(to_error)).collect()
}

/// The uuids of those that were removed.
pub(crate) async fn removed(connection: &mut PgConnection) -> Result<Vec<Uuid>> {
    let rows =
        sqlx::query("select uuid::text from ddb.namespace where name is null").fetch_all(connection).await.map_err(to_error)?;
    rows.iter().map(|row| Uuid::parse_str(row.try_get(0).map_err(to_error)?).map_err(Error::internal)).collect()
}

/// Those that were removed and may still hold something.
pub(crate) async fn unpurged(connection: &mut PgConnection) -> Result<Vec<NamespaceId>> {
    let rows = sqlx::query("select id from ddb.namespace where name is null and purged_at is null order by id")
        .fetch_all(connection)
        .await
        .map_err(to_error)?;
    rows.iter().map(|row| row.try_get(0).map(NamespaceId).map_err(to_error)).collect()
}

async fn find_by_name(executor: impl PgExecutor<'_>, name: &NamespaceName) -> Result<Option<NamespaceInfo>> {
    let statement = AssertSqlSafe(format!("{INFO} and n.name = $1"));
    let row = sqlx::query(statement).bind(name.as_str()).fetch_optional(executor).await.map_err(to_error)?;
    row.as_ref().map(NamespaceInfo::from_row).transpose()
}

async fn find_by_id(executor: impl PgExecutor<'_>, id: NamespaceId) -> Result<Option<NamespaceInfo>> {
    let statement = AssertSqlSafe(format!("{INFO} and n.id = $1"));
    let row = sqlx::query(statement).bind(id.0).fetch_optional(executor).await.map_err(to_error)?;
    row.as_ref().map(NamespaceInfo::from_row).transpose()
}

/// What is answered about a namespace that was removed while somebody was at work in it.
pub(crate) fn is_gone() -> Error {
    Error::new(ErrorCode::NamespaceNotFound, "the namespace has been removed")
}
