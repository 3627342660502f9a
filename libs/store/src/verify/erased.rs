//! What is missing of the log, and whether an erasure says so.

use std::collections::HashSet;

use ddb_core::{NamespaceId, Result, attribute};
use sqlx::{PgConnection, Row};

use super::Report;
use super::chain::{Fact, Transaction};
use crate::connection::to_error;

/// Records that are looked up at a time.
const CHUNK: usize = 10_000;

/// The records of which something is missing, and those that were erased, as far as the log was read.
#[derive(Default)]
pub(super) struct Erased {
    missing: HashSet<i64>,
    /// Erased, and their names are there.
    named: HashSet<i64>,
}

impl Erased {
    pub(super) fn note(&mut self, fact: &Fact) {
        if fact.entity.key.is_none() || fact.asserted && fact.value.is_none() {
            self.missing.insert(fact.entity.entity);
        }
        if fact.attribute == attribute::ERASED.0 && fact.asserted && fact.entity.key.is_some() {
            self.named.insert(fact.entity.entity);
        }
    }

    pub(super) fn note_actor(&mut self, transaction: &Transaction) {
        if let Some(actor) = transaction.actor.as_ref().filter(|actor| actor.key.is_none()) {
            self.missing.insert(actor.entity);
        }
    }

    /// An erasure may stand behind the part of the log that was read. That it was not added since is known once its transaction is verified too.
    pub(super) async fn check(self, connection: &mut PgConnection, namespace: NamespaceId, report: &mut Report) -> Result<()> {
        let mut missing: Vec<i64> = self.missing.into_iter().collect();
        missing.sort_unstable();
        for chunk in missing.chunks(CHUNK) {
            let rows = sqlx::query(
                "
                select m.id
                from unnest($2::bigint[]) as m (id)
                where not exists (
                    select from ddb.triple f
                    where f.namespace = $1 and f.entity = m.id and f.attribute = $3 and f.asserted and f.value is not null
                )
                order by m.id
                ",
            )
            .bind(namespace.0)
            .bind(chunk)
            .bind(attribute::ERASED.0)
            .fetch_all(&mut *connection)
            .await
            .map_err(to_error)?;
            for row in rows {
                let entity: i64 = row.try_get(0).map_err(to_error)?;
                report.problem(format!("entity {entity}"), "values or its name are missing, and no erasure is written of it");
            }
        }
        for entity in self.named {
            report.problem(format!("entity {entity}"), "was erased, and its name is there");
        }
        Ok(())
    }
}
