//! Whether the erasures that are noted, which nothing hashes, are those of the log.

use std::collections::HashMap;

use ddb_core::{NamespaceId, Result, attribute};
use futures::TryStreamExt;
use sqlx::{PgConnection, Row};

use super::Report;
use super::chain::Fact;
use crate::connection::to_error;

/// Where problems are reported.
const PLACE: &str = "erasures";

/// What the log says of erased records, as it is read.
#[derive(Default)]
pub(super) struct Logged {
    /// The transaction that erased each.
    erased: HashMap<i64, i64>,
    /// How many values are there of each record without a name.
    values: HashMap<i64, u64>,
}

impl Logged {
    pub(super) fn note(&mut self, tx: i64, fact: &Fact) {
        if fact.value.is_none() {
            return;
        }
        let entity = fact.entity.entity;
        if fact.attribute == attribute::ERASED.0 {
            self.erased.insert(entity, tx);
        } else if fact.entity.key.is_none() {
            *self.values.entry(entity).or_default() += 1;
        }
    }

    /// With all of the log. A value may still be there only where the erasure is noted as not carried out yet.
    pub(super) async fn check(
        mut self,
        connection: &mut PgConnection,
        namespace: NamespaceId,
        report: &mut Report,
    ) -> Result<()> {
        let mut rows = sqlx::query(
            "
            select r.entity, r.tx, r.cleared_at is not null, coalesce(e.commitment = r.name, false)
            from ddb.erasure r
            left join ddb.entity e on e.namespace = r.namespace and e.id = r.entity
            where r.namespace = $1 and r.tx is not null
            ",
        )
        .bind(namespace.0)
        .fetch(connection);
        let mut forged = 0;
        while let Some(row) = rows.try_next().await.map_err(to_error)? {
            let read = || Ok((row.try_get::<i64, _>(0)?, row.try_get::<i64, _>(1)?, row.try_get(2)?, row.try_get(3)?));
            let (entity, tx, is_cleared, is_named_so): (_, _, bool, bool) = read().map_err(to_error)?;
            if self.erased.get(&entity) != Some(&tx) || !is_named_so {
                forged += 1;
                continue;
            }
            self.erased.remove(&entity);
            if !is_cleared {
                self.values.remove(&entity);
            }
        }
        if forged > 0 {
            report.problem(PLACE, format!("{forged} are noted that the log does not hold, or not as it does"));
        }
        if !self.erased.is_empty() {
            report.problem(PLACE, format!("{} of the log are not noted: the list of erasures lacks them", self.erased.len()));
        }
        let left: u64 = self.values.values().sum();
        if left > 0 {
            report.problem(PLACE, format!("{left} values are there of records whose erasure was carried out"));
        }
        Ok(())
    }
}
