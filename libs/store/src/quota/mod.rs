//! Limits of what a namespace and each owner of its records hold: records, and bytes of their documents.
//!
//! Where there is a limit, the transactor keeps counters in the transactions of the writes, under the lock, so they are exact; without one it does
//! nothing. What was there when the first limit was set is counted by a job (`count`), from the state at which the counters began; until it is done,
//! no limit is enforced.

mod count;
mod recount;
mod usage;

use ddb_core::{Error, ErrorCode, NamespaceId, RecordKey, Result, sort_key};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use crate::connection::to_error;
use crate::index::raise;
use crate::transactor::lock_statement;
use crate::{Store, namespace};

pub use count::counter;

pub(crate) use recount::{Difference, Recount};
pub(crate) use usage::{Counted, Usages};

/// What is held at most; None: any number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    pub records: Option<i64>,
    /// Of the records' documents as they are now; what they were before does not count.
    pub bytes: Option<i64>,
}

/// The limits of a namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quota {
    pub namespace: Limits,
    /// Of each owner.
    pub owner: Limits,
}

/// How much somebody holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub records: i64,
    pub bytes: i64,
}

/// Whether it is known how much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// There are no limits.
    Off,
    /// What is there is being counted; no limit is enforced yet.
    Counting,
    Counted,
}

/// Limits and what is held.
#[derive(Debug, Clone, Copy)]
pub struct QuotaState {
    pub quota: Quota,
    pub counting: Counting,
    /// None: it is not known yet.
    pub used: Option<Usage>,
    /// Of the owner who was asked for.
    pub used_by_owner: Option<Usage>,
}

impl Limits {
    fn is_none(self) -> bool {
        self.records.is_none() && self.bytes.is_none()
    }
}

impl Usage {
    pub(crate) fn add(&mut self, other: Self) {
        self.records += other.records;
        self.bytes += other.bytes;
    }
}

impl Quota {
    fn is_none(self) -> bool {
        self.namespace.is_none() && self.owner.is_none()
    }

    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            namespace: Limits { records: row.try_get(0)?, bytes: row.try_get(1)? },
            owner: Limits { records: row.try_get(2)?, bytes: row.try_get(3)? },
        })
    }
}

impl Store {
    /// The limits of a namespace and what it holds, and what one owner holds.
    pub async fn quota(&self, namespace: NamespaceId, owner: Option<&RecordKey>) -> Result<QuotaState> {
        let owner = owner.map(sort_key::encode_record_key).transpose()?;
        let row = sqlx::query(
            "
            select q.records, q.bytes, q.owner_records, q.owner_bytes, q.state,
                   all_of.records, all_of.bytes, of_owner.records, of_owner.bytes
            from ddb.quota q
            left join ddb.usage all_of on all_of.namespace = q.namespace and all_of.owner = ''
            left join ddb.usage of_owner on of_owner.namespace = q.namespace and of_owner.owner = $2
            where q.namespace = $1
            ",
        )
        .bind(namespace.0)
        .bind(&owner)
        .fetch_optional(self.pool())
        .await
        .map_err(to_error)?;
        let off = QuotaState { quota: Quota::default(), counting: Counting::Off, used: None, used_by_owner: None };
        let Some(row) = row else { return Ok(off) };
        let read = || {
            let used = |first: usize| -> Result<Usage, sqlx::Error> {
                let number = |column: usize| row.try_get::<Option<i64>, _>(column).map(Option::unwrap_or_default);
                Ok(Usage { records: number(first)?, bytes: number(first + 1)? })
            };
            let is_counted = row.try_get::<&str, _>(4)? == "counted";
            Ok(QuotaState {
                quota: Quota::from_row(&row)?,
                counting: if is_counted { Counting::Counted } else { Counting::Counting },
                used: is_counted.then(|| used(5)).transpose()?,
                used_by_owner: owner.as_ref().filter(|_| is_counted).map(|_| used(7)).transpose()?,
            })
        };
        read().map_err(to_error)
    }

    /// Changes the limits, in a short transaction under the namespace's lock.
    pub async fn change_quota(&self, namespace: NamespaceId, change: impl FnOnce(Quota) -> Quota) -> Result<()> {
        let mut connection = PgConnection::connect_with(self.options()).await.map_err(to_error)?;
        begin(&mut connection, namespace).await?;
        let row = sqlx::query("select records, bytes, owner_records, owner_bytes from ddb.quota where namespace = $1")
            .bind(namespace.0)
            .fetch_optional(&mut connection)
            .await
            .map_err(to_error)?;
        let before = row.as_ref().map(Quota::from_row).transpose().map_err(to_error)?;
        let quota = change(before.unwrap_or_default());
        if quota.is_none() {
            for relation in ["quota", "usage"] {
                let clear = AssertSqlSafe(format!("delete from ddb.{relation} where namespace = $1"));
                sqlx::query(clear).bind(namespace.0).execute(&mut connection).await.map_err(to_error)?;
            }
        } else {
            sqlx::query(
                "
                insert into ddb.quota (namespace, records, bytes, owner_records, owner_bytes)
                select $1, $2, $3, $4, $5
                where exists (select from ddb.namespace where id = $1 and name is not null)
                on conflict (namespace) do update
                    set records = excluded.records, bytes = excluded.bytes,
                        owner_records = excluded.owner_records, owner_bytes = excluded.owner_bytes
                ",
            )
            .bind(namespace.0)
            .bind(quota.namespace.records)
            .bind(quota.namespace.bytes)
            .bind(quota.owner.records)
            .bind(quota.owner.bytes)
            .execute(&mut connection)
            .await
            .map_err(to_error)
            .and_then(|done| if done.rows_affected() == 1 { Ok(()) } else { Err(namespace::is_gone()) })?;
        }
        raise(&mut connection, namespace).await?;
        connection.execute("commit").await.map_err(to_error)?;
        connection.close().await.map_err(to_error)
    }
}

/// With the lock of the namespace.
async fn begin(connection: &mut PgConnection, namespace: NamespaceId) -> Result<()> {
    let begin = format!("begin isolation level read committed; set local lock_timeout = '5s'; {}", lock_statement(namespace));
    let begun = connection.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await;
    begun.map(|_| ()).map_err(|error| {
        Error::new(
            ErrorCode::Unavailable,
            "other requests wrote to the namespace the whole time, so nothing was changed; try again",
        )
        .with_source(error)
    })
}
