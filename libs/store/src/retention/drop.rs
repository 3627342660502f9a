//! Dropping the facts of transactions of which nothing else is left.

use ddb_core::chain::{self, Hash};
use ddb_core::{NamespaceId, Result, Tx, attribute};
use sqlx::{Connection, PgConnection, Row};

use super::{TxSet, window};
use crate::audit::leaf;
use crate::connection::to_error;

/// Transactions that are dropped together, and their facts; one that has more is dropped alone.
const TRANSACTIONS: usize = 5_000;
const FACTS: i64 = 100_000;
/// How far apart those are that are read together: the facts between them are read over.
const SPAN: i64 = 50_000;

/// Transactions that can be dropped, and the roots that stay of them.
pub(super) struct Droppable {
    namespace: NamespaceId,
    transactions: Vec<i64>,
    roots: Vec<Vec<u8>>,
}

impl Droppable {
    /// How many are known.
    pub(super) async fn count(connection: &mut PgConnection, namespace: NamespaceId) -> Result<i64> {
        let row = sqlx::query("select count(*) from ddb.droppable where namespace = $1")
            .bind(namespace.0)
            .fetch_one(connection)
            .await
            .map_err(to_error)?;
        row.try_get(0).map_err(to_error)
    }

    /// The next ones, and those that can be dropped once these are.
    pub(super) async fn next(connection: &mut PgConnection, namespace: NamespaceId) -> Result<Self> {
        let mut droppable = Self { namespace, transactions: Vec::new(), roots: Vec::new() };
        let mut facts = 0;
        loop {
            let next = droppable.queued(connection, FACTS - facts).await?;
            if next.is_empty() {
                return Ok(droppable);
            }
            facts += droppable.add(connection, &next).await?;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.transactions.is_empty()
    }

    pub(super) fn set(&self) -> TxSet {
        TxSet::new(self.transactions.iter().copied().map(Tx).collect())
    }

    /// The next ones that are not among these yet.
    async fn queued(&self, connection: &mut PgConnection, facts: i64) -> Result<Vec<i64>> {
        let missing = TRANSACTIONS.saturating_sub(self.transactions.len());
        if missing == 0 || facts <= 0 {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(
            "
            select tx
            from (
                select d.tx, sum(t.fact_count) over (order by d.tx) - t.fact_count as before, min(d.tx) over () as first
                from (
                    select tx from ddb.droppable
                    where namespace = $1 and tx not in (select unnest($2::bigint[]))
                    order by tx
                    limit $3
                ) d
                join ddb.tx t on t.namespace = $1 and t.tx = d.tx
            ) summed
            where before < $4 and tx < first + $5
            order by tx
            ",
        )
        .bind(self.namespace.0)
        .bind(&self.transactions)
        .bind(missing as i64)
        .bind(facts)
        .bind(SPAN)
        .fetch_all(connection)
        .await
        .map_err(to_error)?;
        rows.iter().map(|row| row.try_get(0).map_err(to_error)).collect()
    }

    /// Takes them, but not what does not verify or is not superseded as a whole: nobody's forgery or mistake is dropped. Gives how many facts they have.
    async fn add(&mut self, connection: &mut PgConnection, next: &[i64]) -> Result<i64> {
        let namespace = self.namespace;
        let (Some(first), Some(last)) = (next.first(), next.last()) else { return Ok(0) };
        let range = (Tx(*first), Tx(*last));
        let uuid = leaf::namespace_uuid(&mut *connection, namespace).await?;
        let headers = leaf::headers(&mut *connection, namespace, range, Some(next)).await?;
        let mut leaves: Vec<Vec<Hash>> = headers.iter().map(|_| Vec::new()).collect();
        let mut is_superseded = vec![true; headers.len()];
        let mut entities = Vec::new();
        let mut facts = 0;
        leaf::each(&mut *connection, namespace, range, Some(next), |row| {
            facts += 1;
            entities.push(row.entity);
            if let Ok(index) = headers.binary_search_by_key(&row.place.tx, |header| header.tx)
                && let (Some(leaves), Some(is_superseded)) = (leaves.get_mut(index), is_superseded.get_mut(index))
            {
                leaves.push(row.hash);
                *is_superseded &= row.is_reduced;
            }
        })
        .await?;
        let mut refused = Vec::new();
        for ((header, leaves), is_superseded) in headers.iter().zip(&leaves).zip(is_superseded) {
            let link = header.link(leaves);
            if is_superseded && link.hash(uuid, &header.previous) == header.hash {
                self.transactions.push(header.tx.0);
                self.roots.push(link.root.to_vec());
            } else {
                tracing::error!(%namespace, tx = %header.tx, "a transaction is not what was hashed, or not superseded, and is not dropped");
                refused.push(header.tx.0);
            }
        }
        sqlx::query("delete from ddb.droppable where namespace = $1 and tx = any($2)")
            .bind(namespace.0)
            .bind(refused)
            .execute(&mut *connection)
            .await
            .map_err(to_error)?;
        entities.sort_unstable();
        entities.dedup();
        self.end_deletions(connection, entities).await?;
        Ok(facts)
    }

    /// A deletion hides what was before it. Where all of that is dropped, it says nothing either, and its transaction may be one that can be dropped.
    async fn end_deletions(&self, connection: &mut PgConnection, entities: Vec<i64>) -> Result<()> {
        let mut transaction = connection.begin().await.map_err(to_error)?;
        let create = "create temporary table ended (tx bigint) on commit drop";
        sqlx::query(create).execute(&mut *transaction).await.map_err(to_error)?;
        sqlx::query(
            "
            with ended as (
                update ddb.triple f
                set commitment = $4
                from unnest($2::bigint[]) as u (entity)
                join ddb.entity e on e.namespace = $1 and e.id = u.entity
                join ddb.data_table t on t.namespace = $1 and t.id = e.table_id
                where f.namespace = $1 and f.entity = u.entity and f.attribute = $3 and not f.asserted and f.commitment is null
                  and f.tx <= least(t.superseded_to, t.horizon)
                  and not exists (
                      select from ddb.triple o
                      where o.namespace = $1 and o.entity = f.entity and o.tx <= f.tx and (o.tx < f.tx or o.position < f.position)
                        and o.tx <> f.tx and o.tx not in (select unnest($5::bigint[]))
                  )
                returning f.tx
            )
            insert into pg_temp.ended select tx from ended
            ",
        )
        .bind(self.namespace.0)
        .bind(entities)
        .bind(attribute::EXISTS.0)
        .bind(chain::NOTHING.to_vec())
        .bind(&self.transactions)
        .execute(&mut *transaction)
        .await
        .map_err(to_error)?;
        window::count(&mut transaction, self.namespace, "select tx from pg_temp.ended").await?;
        window::lock(&mut transaction, self.namespace).await?;
        transaction.commit().await.map_err(to_error)
    }

    /// Drops them, once the chain lists them.
    pub(super) async fn carry_out(self, connection: &mut PgConnection) -> Result<()> {
        let Self { namespace, transactions, roots } = self;
        let mut transaction = connection.begin().await.map_err(to_error)?;
        sqlx::query(
            "
            update ddb.tx t
            set root = u.root
            from unnest($2::bigint[], $3::bytea[]) as u (tx, root)
            where t.namespace = $1 and t.tx = u.tx
            ",
        )
        .bind(namespace.0)
        .bind(&transactions)
        .bind(roots)
        .execute(&mut *transaction)
        .await
        .map_err(to_error)?;
        sqlx::query(
            "
            delete from ddb.triple
            where namespace = $1 and tx between $3 and $4 and tx in (select unnest($2::bigint[]))
            ",
        )
        .bind(namespace.0)
        .bind(&transactions)
        .bind(transactions.iter().min())
        .bind(transactions.iter().max())
        .execute(&mut *transaction)
        .await
        .map_err(to_error)?;
        sqlx::query("delete from ddb.droppable where namespace = $1 and tx = any($2)")
            .bind(namespace.0)
            .bind(&transactions)
            .execute(&mut *transaction)
            .await
            .map_err(to_error)?;
        window::lock(&mut transaction, namespace).await?;
        transaction.commit().await.map_err(to_error)
    }
}
