//! What is missing of the log, and whether the log itself says why: it was erased, or it was superseded before its table's horizon.

use std::collections::HashSet;

use ddb_core::{NamespaceId, Result, attribute};
use sqlx::{PgConnection, Row};

use super::Report;
use super::chain::{Fact, Transaction};
use crate::connection::to_error;
use crate::retention::PrunedBefore;

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
        if fact.entity.key.is_none() || fact.commitment.is_some() || fact.asserted && fact.value.is_none() {
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

    /// What says why may stand behind the part of the log that was read. That it was not added since is known once its transaction is verified too.
    pub(super) async fn check(
        self,
        connection: &mut PgConnection,
        namespace: NamespaceId,
        pruned: &PrunedBefore,
        report: &mut Report,
    ) -> Result<()> {
        let (tables, horizons): (Vec<i32>, Vec<i64>) =
            pruned.horizons.iter().map(|(table, horizon)| (table.0, horizon.0)).unzip();
        let mut missing: Vec<i64> = self.missing.into_iter().collect();
        missing.sort_unstable();
        for chunk in missing.chunks(CHUNK) {
            let rows = sqlx::query(
                "
                select m.id
                from unnest($2::bigint[]) as m (id)
                join ddb.entity e on e.namespace = $1 and e.id = m.id
                left join unnest($5::int[], $6::bigint[]) as h (table_id, tx) on h.table_id = e.table_id
                where not exists (
                    select from ddb.triple f
                    where f.namespace = $1 and f.entity = m.id and f.attribute = $3 and f.asserted and f.value is not null
                )
                and (
                    exists (
                        select from ddb.triple f
                        where f.namespace = $1 and f.entity = m.id
                          and (f.commitment is not null or f.asserted and f.value is null)
                          and not case
                              when f.attribute = $4 and not f.asserted then coalesce(f.tx <= h.tx, false) and not exists (
                                  select from ddb.triple o
                                  where o.namespace = $1 and o.entity = m.id and (o.tx, o.position) < (f.tx, f.position)
                                    and o.commitment is null
                              )
                              else exists (
                                  select from ddb.triple o
                                  where o.namespace = $1 and o.entity = m.id and o.attribute in (f.attribute, $4)
                                    and (o.tx, o.position) > (f.tx, f.position) and o.tx <= h.tx
                              )
                          end
                    )
                    or e.key is null and coalesce(
                        (
                            select f.asserted or f.tx > coalesce(h.tx, 0)
                            from ddb.triple f
                            where f.namespace = $1 and f.entity = m.id and f.attribute = $4
                            order by f.tx desc, f.position desc
                            limit 1
                        ),
                        h.tx is null
                    )
                )
                order by m.id
                ",
            )
            .bind(namespace.0)
            .bind(chunk)
            .bind(attribute::ERASED.0)
            .bind(attribute::EXISTS.0)
            .bind(&tables)
            .bind(&horizons)
            .fetch_all(&mut *connection)
            .await
            .map_err(to_error)?;
            for row in rows {
                let entity: i64 = row.try_get(0).map_err(to_error)?;
                report.problem(format!("entity {entity}"), "values or its name are missing, but the log does not say why");
            }
        }
        for entity in self.named {
            report.problem(format!("entity {entity}"), "was erased, but its name is still there");
        }
        Ok(())
    }
}
