//! The counters, as the transactor keeps them.

use std::collections::HashMap;

use ddb_core::{Error, ErrorCode, NamespaceId, Result};
use sqlx::{PgConnection, Row};

use super::{Limits, Quota, Usage};
use crate::NewRecords;
use crate::connection::to_error;

/// Stands for the whole namespace among its owners.
const ALL: &[u8] = b"";

/// That there are counters in a namespace, and what they limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    /// None: what was there before is not counted yet.
    enforced: Option<Quota>,
}

/// By owner (the sort key of its key), and of the namespace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usages(HashMap<Vec<u8>, Usage>);

impl Counted {
    /// None where the namespace has no limits.
    pub(crate) async fn load(connection: &mut PgConnection, namespace: NamespaceId) -> Result<Option<Self>> {
        let row = sqlx::query("select records, bytes, owner_records, owner_bytes, state from ddb.quota where namespace = $1")
            .bind(namespace.0)
            .fetch_optional(connection)
            .await
            .map_err(to_error)?;
        let Some(row) = row else { return Ok(None) };
        let quota = Quota::from_row(&row).map_err(to_error)?;
        let is_counted = row.try_get::<&str, _>(4).map_err(to_error)? == "counted";
        Ok(Some(Self { enforced: is_counted.then_some(quota) }))
    }

    pub(crate) fn is_enforced(&self) -> bool {
        self.enforced.is_some()
    }

    /// Whether a write may change by `change` what is held, on top of what there is (`used`) and of what the writes before it have changed (`changed`).
    /// Whoever takes nothing more is not refused, however much there is.
    pub(crate) fn check(&self, allowed: NewRecords, used: &Usages, changed: &Usages, change: &Usages) -> Result<()> {
        let Some(quota) = &self.enforced else { return Ok(()) };
        for (owner, more) in &change.0 {
            let limits = match (allowed, owner.as_slice()) {
                (NewRecords::Any, _) | (NewRecords::OfNamespace, [_, ..]) => continue,
                (_, ALL) => quota.namespace,
                (NewRecords::OfOwner, _) => quota.owner,
            };
            let mut held = used.of(owner);
            held.add(changed.of(owner));
            let who = if owner.is_empty() { "the namespace" } else { "an account" };
            limits.check(who, held, *more)?;
        }
        Ok(())
    }
}

impl Limits {
    fn check(&self, who: &str, held: Usage, more: Usage) -> Result<()> {
        let exceeds = |held: i64, more: i64, most: Option<i64>| most.filter(|most| more > 0 && held.saturating_add(more) > *most);
        let message = if let Some(most) = exceeds(held.records, more.records, self.records) {
            format!("{who} holds {most} records at most")
        } else if let Some(most) = exceeds(held.bytes, more.bytes, self.bytes) {
            format!("the records that {who} holds have {most} bytes at most")
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorCode::QuotaExceeded, message))
    }
}

impl Usages {
    /// What these owners hold, and the namespace.
    pub(crate) async fn load(connection: &mut PgConnection, namespace: NamespaceId, mut owners: Vec<Vec<u8>>) -> Result<Self> {
        owners.push(ALL.to_vec());
        let rows = sqlx::query("select owner, records, bytes from ddb.usage where namespace = $1 and owner = any($2)")
            .bind(namespace.0)
            .bind(owners)
            .fetch_all(connection)
            .await
            .map_err(to_error)?;
        let read = |row: &sqlx::postgres::PgRow| -> Result<_, sqlx::Error> {
            Ok((row.try_get(0)?, Usage { records: row.try_get(1)?, bytes: row.try_get(2)? }))
        };
        rows.iter().map(read).collect::<Result<_, _>>().map(Self).map_err(to_error)
    }

    /// Adds to what an owner holds (None: nobody does) and to what the namespace does.
    pub(crate) fn add(&mut self, owner: Option<&[u8]>, usage: Usage) {
        for owner in owner.into_iter().chain([ALL]) {
            self.0.entry(owner.to_vec()).or_default().add(usage);
        }
    }

    pub(crate) fn add_all(&mut self, other: Self) {
        for (owner, usage) in other.0 {
            self.0.entry(owner).or_default().add(usage);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.values().all(|usage| *usage == Usage::default())
    }

    /// At most `size` in each.
    pub(crate) fn into_parts(self, size: usize) -> Vec<Self> {
        let all: Vec<(Vec<u8>, Usage)> = self.0.into_iter().collect();
        all.chunks(size).map(|part| Self(part.iter().cloned().collect())).collect()
    }

    /// What the owner holds, who is not among them any more.
    pub(crate) fn take(&mut self, owner: &[u8]) -> Usage {
        self.0.remove(owner).unwrap_or_default()
    }

    pub(crate) fn into_iter(self) -> impl Iterator<Item = (Vec<u8>, Usage)> {
        self.0.into_iter()
    }

    fn of(&self, owner: &[u8]) -> Usage {
        self.0.get(owner).copied().unwrap_or_default()
    }

    /// Adds to the counters, under the lock of the namespace. Of who holds nothing there is none, so that nothing is left of who is erased.
    pub(crate) async fn write(self, connection: &mut PgConnection, namespace: NamespaceId) -> Result<(), sqlx::Error> {
        let (mut owners, mut records, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
        for (owner, usage) in self.0.into_iter().filter(|(_, usage)| *usage != Usage::default()) {
            owners.push(owner);
            records.push(usage.records);
            bytes.push(usage.bytes);
        }
        sqlx::query(
            "
            merge into ddb.usage u
            using unnest($2::bytea[], $3::bigint[], $4::bigint[]) as change (owner, records, bytes)
            on u.namespace = $1 and u.owner = change.owner
            when matched and u.records + change.records = 0 and u.bytes + change.bytes = 0 then delete
            when matched then update set records = u.records + change.records, bytes = u.bytes + change.bytes
            when not matched then insert (namespace, owner, records, bytes)
                values ($1, change.owner, change.records, change.bytes)
            ",
        )
        .bind(namespace.0)
        .bind(owners)
        .bind(records)
        .bind(bytes)
        .execute(connection)
        .await?;
        Ok(())
    }
}
