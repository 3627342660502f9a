//! Several reads of one state.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ddb_core::{Error, ErrorCode, NamespaceId, RecordId, RecordKey, RequestId, Result, TableName, Tx};
use ddb_turns::{Busy, Turn};
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};

use super::{Bind, Owner, Scan, Scanned, TableShape, scan};
use crate::connection::{to_error, was_dead};
use crate::pool::{Lease, Pool};
use crate::store::MAX_DEAD;
use crate::{Record, Store, catalogue, statement};

/// Above the limit of PostgreSQL's statements.
const LIMIT: Duration = Duration::from_secs(12);

/// A state of a namespace: whatever is read from it was there at the same transaction. Ends when it is dropped.
pub struct Snapshot {
    store: Store,
    namespace: NamespaceId,
    lease: Lease,
    tx: Tx,
    /// Ends after the connection was given back.
    turn: Option<Turn<Asker>>,
}

/// Whose turn it is: an account of a namespace. Whoever has none is one caller with all others who have none.
pub(crate) type Asker = (NamespaceId, Option<RecordKey>);

impl Store {
    /// The newest state, for an account's queries (None: of whoever has none). Few can be held at a time, and of one account fewer: who waits too long
    /// for one is answered 503.
    pub async fn snapshot(
        &self,
        namespace: NamespaceId,
        account: Option<&RecordKey>,
        request: Option<&RequestId>,
    ) -> Result<Snapshot> {
        let busy = |Busy| Error::unavailable("too many queries without an index are running at the moment; try again");
        let asked = Instant::now();
        let turn = self.turns().take((namespace, account.cloned()), 1, self.patience()).await;
        self.metrics().turn_wait(asked.elapsed());
        let turn = turn.map_err(busy)?;
        let mut snapshot = self.snapshot_from(self.scans(), namespace, request).await?;
        snapshot.turn = Some(turn);
        Ok(snapshot)
    }

    /// The newest state on one of these connections.
    pub(crate) async fn snapshot_from(
        &self,
        pool: &Pool,
        namespace: NamespaceId,
        request: Option<&RequestId>,
    ) -> Result<Snapshot> {
        let mut snapshot = self.take_snapshot(pool, namespace, request).await;
        for _ in 0..MAX_DEAD {
            if !snapshot.as_ref().is_err_and(was_dead) {
                break;
            }
            snapshot = self.take_snapshot(pool, namespace, request).await;
        }
        snapshot
    }

    async fn take_snapshot(&self, pool: &Pool, namespace: NamespaceId, request: Option<&RequestId>) -> Result<Snapshot> {
        pool.in_time(async {
            let mut lease = pool.lease().await?;
            let name = statement::application_name("query", request, "");
            let begin = format!("begin isolation level repeatable read read only; {name}");
            lease.connection().execute(sqlx::raw_sql(AssertSqlSafe(begin))).await.map_err(to_error)?;
            let row = sqlx::query("select coalesce((select tx from ddb.tx where namespace = $1 order by tx desc limit 1), 0)")
                .bind(namespace.0)
                .fetch_one(lease.connection())
                .await
                .map_err(to_error)?;
            let tx = Tx(row.try_get(0).map_err(to_error)?);
            Ok(Snapshot { store: self.clone(), namespace, lease, tx, turn: None })
        })
        .await
    }
}

impl Snapshot {
    /// The newest transaction of the state.
    pub fn tx(&self) -> Tx {
        self.tx
    }

    /// None where the table does not exist.
    pub async fn shape(&mut self, table: &TableName) -> Result<Option<Arc<TableShape>>> {
        in_time(self.look_up(table)).await
    }

    async fn look_up(&mut self, table: &TableName) -> Result<Option<Arc<TableShape>>> {
        let Some(id) = self.store.known_table(self.namespace, table) else {
            let connection: &mut PgConnection = self.lease.connection();
            let Some(found) = catalogue::find_table(&mut *connection, self.namespace, table).await? else { return Ok(None) };
            return self.store.shapes().load(connection, self.namespace, found.id, table).await.map(Some);
        };
        if let Some(shape) = self.store.shapes().known(self.namespace, id) {
            return Ok(Some(shape));
        }
        self.store.shapes().load(self.lease.connection(), self.namespace, id, table).await.map(Some)
    }

    /// None where the table is no longer what the scan was planned for: ask for its shape again.
    pub async fn scan(&mut self, shape: &TableShape, what: Scan) -> Result<Option<Scanned>> {
        let scanned = in_time(scan::scan(self.lease.connection(), self.namespace, shape, what, false)).await;
        self.forget_if_stale(shape, &scanned);
        scanned
    }

    /// How many rows meet a condition; None as with `scan`.
    pub async fn count(&mut self, shape: &TableShape, condition: &str, binds: Vec<Bind>) -> Result<Option<u64>> {
        let counted = in_time(scan::count(self.lease.connection(), self.namespace, shape, condition, binds)).await;
        self.forget_if_stale(shape, &counted);
        counted
    }

    fn forget_if_stale<T>(&self, shape: &TableShape, outcome: &Result<Option<T>>) {
        if matches!(outcome, Ok(None)) || outcome.as_ref().is_err_and(scan::is_gone) {
            self.store.shapes().forget(self.namespace, shape.id);
        }
    }

    /// The records with these ids that exist, of the owners that `owner` names for each table; None: of nobody.
    pub async fn records(&mut self, ids: &[RecordId], owner: impl Fn(&TableName) -> Option<Owner>) -> Result<Vec<Record>> {
        let mut tables: Vec<&TableName> = ids.iter().map(|id| &id.table).collect();
        tables.sort();
        tables.dedup();
        let mut records = Vec::with_capacity(ids.len());
        for name in tables {
            let Some(owner) = owner(name) else { continue };
            let Some(shape) = self.shape(name).await? else { continue };
            let keys: Vec<_> = ids.iter().filter(|id| id.table == *name).map(|id| id.key.clone()).collect();
            let found = scan::by_keys(self.lease.connection(), self.namespace, (shape.id, name), &keys, owner);
            records.extend(in_time(found).await?);
        }
        Ok(records)
    }

    /// Gives the connection back, and with it the turn.
    pub async fn end(mut self) -> Result<()> {
        let rolled_back = self.lease.connection().execute(sqlx::raw_sql("rollback"));
        in_time(async { rolled_back.await.map_err(to_error) }).await?;
        self.lease.give_back();
        drop(self.turn);
        Ok(())
    }
}

/// Waits for a statement. PostgreSQL ends it before that; if it has become silent, nobody waits for ever.
async fn in_time<T>(statement: impl Future<Output = Result<T>>) -> Result<T> {
    let silent = |_| Error::unavailable("the database is not reachable at the moment");
    tokio::time::timeout(LIMIT, statement).await.map_err(silent)?.map_err(too_slow)
}

/// A statement that PostgreSQL ended because it took too long is the query's fault.
fn too_slow(error: Error) -> Error {
    let cause = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<sqlx::Error>());
    let code = cause.and_then(|cause| cause.as_database_error()).and_then(|cause| cause.code());
    if code.is_some_and(|code| code == "57014") {
        return Error::new(
            ErrorCode::QueryLimit,
            "the query takes too long; an index on what it filters or orders by would help",
        );
    }
    error
}
