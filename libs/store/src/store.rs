use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ddb_core::chain::Proof;
use ddb_core::{Error, NamespaceId, RecordKey, Result, TableId, TableName, Timestamp, Tx, sort_key};
use ddb_turns::Turns;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgExecutor, PgPool, Row};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::audit::{self, Activity, ActivityQuery, AuditHead, AuditTransaction};
use crate::catalogue::{self, Catalogue};
use crate::changes::{Changes, LogHead, Place as LogPlace};
use crate::connection::{knock, to_error, was_dead};
use crate::metrics::{Metrics, WriteOutcome};
use crate::namespace::{self, Realm, Realms};
use crate::past::{self, At, MayRead, Place, Versions};
use crate::pool::Pool;
use crate::read::{self, Asker, Found, HadField, LogReader, LogState, Readers, Scan, Scanned, Shapes, TableShape};
use crate::transactor::{Means, Outcome, Refused, Seats, Transactor, Write, Written};
use crate::{Config, IsNearlyFull, Once, Record, erasure, migration};

/// For statements that one index serves: its plan must not depend on how large the table was when it was made.
const BY_INDEX: [(&str, &str); 6] = [
    ("statement_timeout", "10s"),
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_sort", "off"),
    ("jit", "off"),
];

/// How long whoever waits for a transaction waits until he asks again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How long it holds that PostgreSQL takes new connections.
const STAYS_OPEN: Duration = Duration::from_secs(1);
/// One for each part of the process that listens.
const LISTENERS: u32 = 4;
/// Names of tables that one statement looks up by name.
const MANY_TABLES: usize = 1_000;

/// Connections of a pool that may have died with PostgreSQL, each of which shows at its first statement only.
pub(crate) const MAX_DEAD: usize = 8;

/// The store over one PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    options: PgConnectOptions,
    pool: Pool,
    lists: Pool,
    scans: Pool,
    /// Those who may use `scans`.
    turns: Arc<Turns<Asker>>,
    /// How long a request waits for what others have.
    patience: Duration,
    shapes: Shapes,
    log_reader: LogReader,
    changes: Arc<Changes>,
    realms: Realms,
    is_nearly_full: IsNearlyFull,
    /// When PostgreSQL was last seen to take a new connection.
    seen_open: Mutex<Option<Instant>>,
    /// For connections that listen.
    listeners: PgPool,
    /// What a transactor is started with.
    means: Means,
    catalogue: Arc<Catalogue>,
    readers: Readers,
}

impl Store {
    /// Connects, migrates and starts the readers and the transactor.
    pub async fn open(config: Config) -> Result<Self> {
        let options = config.connection;
        let mut connection = PgConnection::connect_with(&options).await.map_err(to_error)?;
        migration::run(&mut connection).await?;
        let main = namespace::ensure_main(&mut connection).await?;
        let newest = head(&mut connection, main.id).await?;
        connection.close().await.map_err(to_error)?;
        let of_pool = options.clone().options([("statement_timeout", "15s"), ("jit", "off")]);
        let pool = Pool::new("general", of_pool, config.pool, config.patience);
        let lists = Pool::new("lists", options.clone().options(BY_INDEX), config.lists, config.patience);
        let of_scans =
            options.clone().options([("statement_timeout", "10s"), ("plan_cache_mode", "force_custom_plan"), ("jit", "off")]);
        let scans = Pool::new("scans", of_scans, config.scans, config.patience);
        let scans_at_once = config.scans as usize;
        // One is never taken by the caller who has all others.
        let turns = Turns::new(scans_at_once, scans_at_once.saturating_sub(1).max(1));
        let listeners = PgPoolOptions::new()
            .max_connections(LISTENERS)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(options.clone().application_name("ddb revocations"));
        let catalogue = Arc::new(Catalogue::default());
        let log_reader = LogReader::start(&options, config.patience);
        let metrics = Arc::new(Metrics::new());
        let readers = Readers::start(&options, config.readers, config.patience, metrics.clone());
        let changes = Arc::new(Changes::default());
        let means = Means {
            options: options.clone(),
            catalogue: catalogue.clone(),
            changes: changes.clone(),
            seats: Arc::new(Seats::new(config.transactors)),
            patience: config.patience,
            is_nearly_full: config.is_nearly_full.clone(),
            metrics,
        };
        let store = Self {
            inner: Arc::new(Inner {
                options,
                pool,
                lists,
                scans,
                turns,
                patience: config.patience,
                shapes: Shapes::default(),
                seen_open: Mutex::default(),
                listeners,
                log_reader,
                changes,
                is_nearly_full: config.is_nearly_full,
                realms: Realms::new(Realm::new(main, newest)),
                means,
                catalogue,
                readers,
            }),
        };
        // A database that was restored from an older backup may hold what was erased since.
        erasure::apply(&store).await?;
        Ok(store)
    }

    /// For the system rows of the services (`services/*/src/db`); records are read and written by the store alone.
    pub fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    /// For connections of one's own: long reads, `listen`.
    pub fn options(&self) -> &PgConnectOptions {
        &self.inner.options
    }

    /// For connections that listen; each is closed with the store.
    pub(crate) fn listeners(&self) -> &PgPool {
        &self.inner.listeners
    }

    /// Answers once PostgreSQL does, on a connection that is open, and takes new ones: when its socket is gone, those that are open still work.
    /// `UNAVAILABLE` otherwise.
    pub async fn is_reachable(&self) -> Result<()> {
        sqlx::query("select 1").execute(&self.inner.pool).await.map_err(to_error)?;
        let mut seen = self.inner.seen_open.lock().await;
        if seen.is_none_or(|at| at.elapsed() > STAYS_OPEN) {
            *seen = None;
            knock(&self.inner.options).await.map_err(|error| to_error(sqlx::Error::Io(error)))?;
            *seen = Some(Instant::now());
        }
        Ok(())
    }

    /// All of the write's steps, or none. An acknowledged write is on disk.
    pub async fn write(&self, write: Write) -> Result<Written, Refused> {
        match self.hand_over(write, None).await? {
            Outcome::Written(written) => Ok(written),
            Outcome::Repeated(_) => Err(Error::internal("a write without a key was repeated").into()),
        }
    }

    /// The same, or the answer of the first time where the caller sent it before; that stands in the transaction of the write.
    pub async fn write_once(&self, write: Write, once: Once) -> Result<Outcome, Refused> {
        self.hand_over(write, Some(once)).await
    }

    async fn hand_over(&self, write: Write, once: Option<Once>) -> Result<Outcome, Refused> {
        let outcome = self.transact(write, once).await;
        self.metrics().write(match &outcome {
            Ok(Outcome::Written(_)) => WriteOutcome::Committed,
            Ok(Outcome::Repeated(_)) => WriteOutcome::Repeated,
            Err(refused) if refused.error.code().http_status() < 500 => WriteOutcome::Refused,
            Err(_) => WriteOutcome::Failed,
        });
        outcome
    }

    async fn transact(&self, mut write: Write, mut once: Option<Once>) -> Result<Outcome, Refused> {
        let realm = self.inner.realms.get(&self.inner.pool, write.namespace).await?;
        let outcome = loop {
            let start = |namespace| Transactor::start(namespace, self.inner.means.clone());
            match self.inner.realms.transactor(&realm, start)?.write(write, once).await {
                Ok(outcome) => break outcome?,
                Err(given_back) => (write, once) = given_back,
            }
        };
        match &outcome {
            Outcome::Written(written) => realm.learn(written.tx),
            Outcome::Repeated(answer) => realm.learn(answer.tx.unwrap_or(Tx(0))),
        }
        Ok(outcome)
    }

    /// None where the record is absent or expired, or its table does not exist.
    pub async fn get(&self, namespace: NamespaceId, table: &TableName, key: &RecordKey) -> Result<Found<Option<Record>>> {
        let Some(id) = self.inner.catalogue.find(&self.inner.pool, namespace, table).await? else {
            return Ok(Found { data: None, tx: self.head(namespace).await? });
        };
        let found = self.inner.readers.get(namespace, id, sort_key::encode_record_key(key)?).await?;
        self.learn(namespace, found.tx);
        Ok(Found { data: found.data.map(|raw| raw.decode(table)).transpose()?, tx: found.tx })
    }

    /// What is known of a table for planning reads; None where it does not exist.
    pub async fn shape(&self, namespace: NamespaceId, table: &TableName) -> Result<Option<Arc<TableShape>>> {
        let Some(id) = self.table_id(namespace, table).await? else { return Ok(None) };
        if let Some(shape) = self.inner.shapes.known(namespace, id) {
            return Ok(Some(shape));
        }
        // In one snapshot, so that columns and definitions are of one state. It takes a moment, so it waits for no query that takes long.
        let mut snapshot = self.snapshot_from(&self.inner.pool, namespace, None).await?;
        let shape = snapshot.shape(table).await?;
        snapshot.end().await?;
        Ok(shape)
    }

    /// A scan that one index serves. None where the table is no longer what it was planned for: ask for its shape again.
    pub async fn scan(&self, namespace: NamespaceId, shape: &TableShape, scan: Scan) -> Result<Option<Scanned>> {
        let mut outcome = read::scan(&self.inner.lists, namespace, shape, scan.clone(), true).await;
        for _ in 0..MAX_DEAD {
            if !outcome.as_ref().is_err_and(was_dead) {
                break;
            }
            outcome = read::scan(&self.inner.lists, namespace, shape, scan.clone(), true).await;
        }
        let scanned = match outcome {
            Err(error) if read::is_gone(&error) => None,
            outcome => outcome?,
        };
        match &scanned {
            Some(scanned) => self.learn(namespace, scanned.tx),
            None => self.inner.shapes.forget(namespace, shape.id),
        }
        Ok(scanned)
    }

    /// Whether records of the owner (None: of anybody) have, or once had, a field.
    pub async fn had_field(
        &self,
        namespace: NamespaceId,
        shape: &TableShape,
        owner: Option<&[u8]>,
        name: &str,
    ) -> Result<HadField> {
        read::had_field(&self.inner.lists, namespace, shape, owner, name).await
    }

    /// Those of the tables that exist.
    pub async fn tables_among(&self, namespace: NamespaceId, mut names: BTreeSet<TableName>) -> Result<BTreeSet<TableName>> {
        let known: BTreeSet<TableName> =
            names.extract_if(.., |name| self.inner.catalogue.known(namespace, name).is_some()).collect();
        if names.is_empty() {
            return Ok(known);
        }
        // A filter can name a million tables; a namespace has far fewer.
        let asked = (names.len() <= MANY_TABLES).then(|| names.iter().map(ToString::to_string).collect());
        let found = catalogue::find_tables(&self.inner.pool, namespace, asked).await?;
        let found = found.into_iter().filter(|(name, _)| names.contains(name)).map(|(name, table)| {
            self.inner.catalogue.remember(namespace, name.clone(), table);
            name
        });
        Ok(known.into_iter().chain(found).collect())
    }

    /// How far the log has come, at some moment after the call. Costs whoever asks while others do a part of a statement.
    pub async fn log_state(&self, namespace: NamespaceId) -> Result<LogState> {
        let state = self.inner.log_reader.get(namespace).await?;
        self.learn(namespace, state.head.tx);
        Ok(state)
    }

    /// With the time at which the first record of the tables expires, in the past where one has that was not deleted yet.
    pub async fn log_state_with_expiry(
        &self,
        namespace: NamespaceId,
        tables: &[TableId],
    ) -> Result<(LogState, Option<Timestamp>)> {
        let (state, expires) = read::with_expiry(&self.inner.lists, namespace, tables).await?;
        self.learn(namespace, state.head.tx);
        Ok((state, expires))
    }

    /// A head that PostgreSQL has told, to compare later ones with.
    pub fn place(&self, namespace: NamespaceId, head: LogHead) -> LogPlace {
        self.inner.changes.place(namespace, head)
    }

    /// Whether it is known that the tables stand at `head` as they stood at `since`. They do not where this process did not make all the transactions
    /// between, as far as it knows.
    pub fn are_unchanged(&self, namespace: NamespaceId, tables: &[TableId], since: LogPlace, head: LogHead) -> bool {
        self.inner.changes.are_unchanged(namespace, tables, since, head)
    }

    /// Whether this process knows that it has changed one of the tables since.
    pub fn have_changed(&self, namespace: NamespaceId, tables: &[TableId], since: LogPlace) -> bool {
        self.inner.changes.have_changed(namespace, tables, since)
    }

    /// What is known of tables for planning reads is out of date.
    pub fn forget_shapes(&self, namespace: NamespaceId, tables: &[TableId]) {
        for table in tables {
            self.inner.shapes.forget(namespace, *table);
        }
    }

    /// The connections of snapshots.
    pub(crate) fn scans(&self) -> &Pool {
        &self.inner.scans
    }

    pub(crate) fn is_nearly_full(&self) -> bool {
        (self.inner.is_nearly_full)()
    }

    pub(crate) fn turns(&self) -> &Arc<Turns<Asker>> {
        &self.inner.turns
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.inner.means.metrics
    }

    pub(crate) fn patience(&self) -> Duration {
        self.inner.patience
    }

    pub(crate) fn shapes(&self) -> &Shapes {
        &self.inner.shapes
    }

    /// A table that this process has met.
    pub(crate) fn known_table(&self, namespace: NamespaceId, table: &TableName) -> Option<TableId> {
        self.inner.catalogue.known(namespace, table).map(|known| known.id)
    }

    /// The record as it was, where the caller may read that and its newest state. 400 for a point that is still to come.
    pub async fn get_at(
        &self,
        namespace: NamespaceId,
        table: &TableName,
        key: &RecordKey,
        at: At,
        may_read: MayRead<'_>,
    ) -> Result<Found<Option<Record>>> {
        let id = self.inner.catalogue.find(&self.inner.pool, namespace, table).await?;
        let mut lease = self.inner.pool.lease().await?;
        let read = past::at(lease.connection(), namespace, id, (table, key), at, may_read);
        let found = self.inner.pool.in_time(read).await;
        lease.settle(found)
    }

    /// What the caller may read of a record's history before `until`, the newest version first; None where the record does not exist for him.
    pub async fn history(
        &self,
        namespace: NamespaceId,
        table: &TableName,
        key: &RecordKey,
        (until, limit): (Option<Place>, usize),
        may_read: MayRead<'_>,
    ) -> Result<Found<Option<Versions>>> {
        let Some(id) = self.inner.catalogue.find(&self.inner.pool, namespace, table).await? else {
            return Ok(Found { data: None, tx: self.head(namespace).await? });
        };
        let mut lease = self.inner.pool.lease().await?;
        let read = past::history(lease.connection(), namespace, id, key, (until, limit), may_read);
        let found = self.inner.pool.in_time(read).await;
        lease.settle(found)
    }

    /// The number of a table; None where it does not exist.
    pub(crate) async fn table_id(&self, namespace: NamespaceId, table: &TableName) -> Result<Option<TableId>> {
        self.inner.catalogue.find(&self.inner.pool, namespace, table).await
    }

    /// The newest transaction and its hash.
    pub async fn audit_head(&self, namespace: NamespaceId) -> Result<AuditHead> {
        let mut lease = self.inner.pool.lease().await?;
        let found = self.inner.pool.in_time(audit::head(lease.connection(), namespace)).await;
        lease.settle(found)
    }

    /// A transaction with those of its facts that the caller may read; None where there are none.
    pub async fn audit_transaction(
        &self,
        namespace: NamespaceId,
        tx: Tx,
        may_read: MayRead<'_>,
    ) -> Result<Found<Option<AuditTransaction>>> {
        let mut lease = self.inner.pool.lease().await?;
        let found = self.inner.pool.in_time(audit::transaction(lease.connection(), namespace, tx, may_read)).await;
        lease.settle(found)
    }

    /// What was done, as far as the caller may read it.
    pub async fn activity(
        &self,
        namespace: NamespaceId,
        query: &ActivityQuery,
        may_read: MayRead<'_>,
    ) -> Result<Found<Activity>> {
        let table = match &query.table {
            Some(table) => self.inner.catalogue.find(&self.inner.pool, namespace, table).await?,
            None => None,
        };
        let mut lease = self.inner.pool.lease().await?;
        let found = self.inner.pool.in_time(audit::activity(lease.connection(), namespace, table, query, may_read)).await;
        lease.settle(found)
    }

    /// A proof of what transaction `tx` (None: the newest) said of a record, with the transactions up to `to`; None where the caller may read nothing of it.
    pub async fn prove(
        &self,
        namespace: NamespaceId,
        (table, key): (&TableName, &RecordKey),
        (tx, to): (Option<Tx>, Option<Tx>),
        may_read: MayRead<'_>,
    ) -> Result<Found<Option<Proof>>> {
        let Some(id) = self.inner.catalogue.find(&self.inner.pool, namespace, table).await? else {
            return Ok(Found { data: None, tx: self.head(namespace).await? });
        };
        let mut lease = self.inner.pool.lease().await?;
        let found = self.inner.pool.in_time(audit::prove(lease.connection(), namespace, (id, key), (tx, to), may_read)).await;
        lease.settle(found)
    }

    /// Those of the keys of the table `user` that belong to an account, with a record or without.
    pub async fn accounts_among(&self, namespace: NamespaceId, keys: &[&str]) -> Result<Vec<String>> {
        let rows = sqlx::query("select id from ddb.account where namespace = $1 and id = any($2)")
            .bind(namespace.0)
            .bind(keys)
            .fetch_all(&self.inner.pool)
            .await
            .map_err(to_error)?;
        rows.iter().map(|row| row.try_get(0).map_err(to_error)).collect()
    }

    /// The number of the newest transaction.
    pub async fn head(&self, namespace: NamespaceId) -> Result<Tx> {
        let head = head(&self.inner.pool, namespace).await?;
        self.learn(namespace, head);
        Ok(head)
    }

    /// The newest transaction of a namespace that this process knows to be committed, without asking PostgreSQL: that of its first request, or what a
    /// write made or a read saw since. Other processes may have gone on; whatever is read after this call includes it.
    pub fn newest_known(&self, namespace: NamespaceId) -> Tx {
        self.inner.realms.known(namespace).map_or(Tx(0), |realm| realm.newest_known())
    }

    /// Waits until a transaction is known to be committed, no longer than `patience`; gives the newest that is known then.
    pub async fn reach(&self, namespace: NamespaceId, tx: Tx, patience: Duration) -> Tx {
        let Some(realm) = self.inner.realms.known(namespace) else { return Tx(0) };
        let end = Instant::now() + patience;
        while realm.newest_known() < tx && Instant::now() < end {
            // One of all that wait asks for all of them, and what keeps PostgreSQL from answering may pass.
            if let Ok(looking) = realm.looking.try_lock() {
                let _ = timeout_at(end, self.head(namespace)).await;
                drop(looking);
            }
            if realm.newest_known() < tx {
                sleep_until(end.min(Instant::now() + LOOK_AGAIN)).await;
            }
        }
        realm.newest_known()
    }

    fn learn(&self, namespace: NamespaceId, committed: Tx) {
        if let Some(realm) = self.inner.realms.known(namespace) {
            realm.learn(committed);
        }
    }

    pub(crate) fn realms(&self) -> &Realms {
        &self.inner.realms
    }

    /// Drops what is known of a namespace that is no more.
    pub(crate) fn forget_namespace(&self, namespace: NamespaceId) {
        self.inner.realms.forget(namespace);
        self.inner.catalogue.forget(namespace);
        self.inner.shapes.forget_all(namespace);
        self.inner.changes.forget(namespace);
    }

    /// Finishes what was accepted, then closes every connection.
    pub async fn close(&self) {
        self.inner.listeners.close().await;
        self.inner.realms.close().await;
        self.inner.readers.stop().await;
        self.inner.log_reader.stop().await;
        self.inner.lists.close().await;
        self.inner.scans.close().await;
        self.inner.pool.close().await;
    }
}

async fn head(executor: impl PgExecutor<'_>, namespace: NamespaceId) -> Result<Tx> {
    let row = sqlx::query("select coalesce(max(tx), 0) from ddb.tx where namespace = $1")
        .bind(namespace.0)
        .fetch_one(executor)
        .await
        .map_err(to_error)?;
    row.try_get(0).map(Tx).map_err(to_error)
}
