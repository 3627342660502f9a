//! Records by key: what many callers ask for at the same time goes to PostgreSQL in one statement.
//!
//! A few readers, each with a connection of its own, take whatever has queued up for one table. While a reader waits for
//! PostgreSQL the next batch gathers, so batches grow with the load and a lone request waits for nothing. (The idea is that
//! of group commit, and of the DataLoader libraries.)

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ddb_core::{Error, NamespaceId, Result, TableId, Timestamp, Tx};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::Found;
use crate::connection::{is_lost, to_error};
use crate::metrics::Metrics;
use crate::projection::{self, RawRecord};

const MAX_BATCH: usize = 64;
const MAX_WAITING: usize = 4_096;
/// Statements that a reader remembers, one for each table.
const MAX_STATEMENTS: usize = 1_000;
const RECONNECT_DELAY: Duration = Duration::from_millis(50);
/// Nobody waits longer: the patience of who asks is not longer either.
const ROUND_TRIP_LIMIT: Duration = Duration::from_secs(2);

/// One PostgreSQL table of one namespace.
type Relation = (NamespaceId, TableId);

/// The row with the key asked for, not decoded yet.
type ByKey = Found<Option<RawRecord>>;

struct Request {
    key: Vec<u8>,
    answer: oneshot::Sender<Result<ByKey>>,
}

#[derive(Default)]
struct Waiting {
    requests: HashMap<Relation, Vec<Request>>,
    /// The relations that are asked for, in the order in which they are served.
    turns: VecDeque<Relation>,
    count: usize,
    closed: bool,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

/// The readers by key.
pub(crate) struct Readers {
    queue: Arc<Queue>,
    patience: Duration,
    tasks: tokio::sync::Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    pub(crate) fn start(options: &PgConnectOptions, count: u32, patience: Duration, metrics: Arc<Metrics>) -> Self {
        let queue = Arc::new(Queue::default());
        let options = options.clone().options([
            ("statement_timeout", "10s"),
            ("plan_cache_mode", "force_generic_plan"),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("jit", "off"),
        ]);
        let tasks = (0..count).map(|_| tokio::spawn(run(queue.clone(), options.clone(), metrics.clone()))).collect();
        Self { queue, patience, tasks: tokio::sync::Mutex::new(tasks) }
    }

    /// The record with this sort key, expired or not as the state's clock has it: expired ones are None.
    pub(crate) async fn get(&self, namespace: NamespaceId, table: TableId, key: Vec<u8>) -> Result<ByKey> {
        let (answer, found) = oneshot::channel();
        self.queue.push((namespace, table), Request { key, answer })?;
        let unavailable = || Error::unavailable("the database is not reachable at the moment");
        let found = tokio::time::timeout(self.patience, found).await.map_err(|_| unavailable())?;
        found.map_err(|_| unavailable())?
    }

    pub(crate) async fn stop(&self) {
        self.queue.lock().closed = true;
        self.queue.arrived.notify_waiters();
        for task in self.tasks.lock().await.drain(..) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a reader did not end cleanly");
            }
        }
    }
}

impl Queue {
    fn push(&self, relation: Relation, request: Request) -> Result<()> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(Error::unavailable("the server is shutting down"));
        }
        if waiting.count >= MAX_WAITING {
            return Err(Error::unavailable("too many reads are waiting"));
        }
        let requests = waiting.requests.entry(relation).or_default();
        requests.push(request);
        if requests.len() == 1 {
            waiting.turns.push_back(relation);
        }
        waiting.count += 1;
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for requests and takes a batch for one relation; None once the queue is closed and empty.
    async fn take(&self) -> Option<(Relation, Vec<Request>)> {
        loop {
            let arrived = self.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            {
                let mut waiting = self.lock();
                if let Some(batch) = waiting.take() {
                    let more = !waiting.turns.is_empty();
                    drop(waiting);
                    if more {
                        self.arrived.notify_one();
                    }
                    return Some(batch);
                }
                if waiting.closed {
                    return None;
                }
            }
            arrived.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn take(&mut self) -> Option<(Relation, Vec<Request>)> {
        let relation = self.turns.pop_front()?;
        let mut requests = self.requests.remove(&relation)?;
        if requests.len() > MAX_BATCH {
            let rest = requests.split_off(MAX_BATCH);
            self.requests.insert(relation, rest);
            self.turns.push_back(relation);
        }
        self.count -= requests.len();
        Some((relation, requests))
    }
}

async fn run(queue: Arc<Queue>, options: PgConnectOptions, metrics: Arc<Metrics>) {
    let mut connection: Option<PgConnection> = None;
    let mut statements: HashMap<Relation, Arc<str>> = HashMap::new();
    while let Some((relation, mut requests)) = queue.take().await {
        requests.retain(|request| !request.answer.is_closed());
        if requests.is_empty() {
            continue;
        }
        if statements.len() >= MAX_STATEMENTS {
            statements.clear();
        }
        metrics.batch_size.record(requests.len() as u64, &[]);
        let statement = statements.entry(relation).or_insert_with(|| statement(relation).into()).clone();
        let mut outcome = attempt(&mut connection, &options, relation, &statement, &requests).await;
        if outcome.as_ref().is_err_and(is_lost) {
            // The connection may have died while it was idle; a read can be asked again.
            connection = None;
            tokio::time::sleep(RECONNECT_DELAY).await;
            requests.retain(|request| !request.answer.is_closed());
            if requests.is_empty() {
                continue;
            }
            outcome = attempt(&mut connection, &options, relation, &statement, &requests).await;
        }
        match outcome {
            Ok(found) => answer(requests, found),
            Err(error) => {
                if is_lost(&error) {
                    connection = None;
                }
                tracing::warn!(%error, "a batch of {} reads failed", requests.len());
                let error = to_error(error);
                for request in requests {
                    let _ = request.answer.send(Err(error.for_another()));
                }
            }
        }
    }
    if let Some(connection) = connection
        && let Err(error) = connection.close().await
    {
        tracing::debug!(%error, "closing a reader's connection");
    }
}

fn statement((namespace, table): Relation) -> String {
    let relation = projection::relation(namespace, table);
    let columns = projection::COLUMNS;
    let head = projection::HEAD;
    format!(
        "select h.*, {columns}
         from (select {head}) h
         left join {relation} p on p.key = any($2)"
    )
}

struct Batch {
    tx: Tx,
    now: Timestamp,
    records: HashMap<Vec<u8>, RawRecord>,
}

async fn attempt(
    connection: &mut Option<PgConnection>,
    options: &PgConnectOptions,
    relation: Relation,
    statement: &Arc<str>,
    requests: &[Request],
) -> Result<Batch, sqlx::Error> {
    let timeout = || sqlx::Error::Protocol("PostgreSQL did not answer in time".to_owned());
    let connection = match connection {
        Some(connection) => connection,
        None => {
            let connecting = tokio::time::timeout(ROUND_TRIP_LIMIT, PgConnection::connect_with(options));
            connection.insert(connecting.await.map_err(|_| timeout())??)
        }
    };
    let keys: Vec<&[u8]> = requests.iter().map(|request| request.key.as_slice()).collect();
    let query = sqlx::query(AssertSqlSafe(statement.clone())).bind(relation.0.0).bind(keys);
    let rows = tokio::time::timeout(ROUND_TRIP_LIMIT, query.fetch_all(connection)).await.map_err(|_| timeout())??;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let mut batch =
        Batch { tx: Tx(first.try_get(0)?), now: Timestamp(first.try_get(1)?), records: HashMap::with_capacity(rows.len()) };
    for row in &rows {
        if let Some(record) = RawRecord::from_row(row, 2)? {
            batch.records.insert(record.key.clone(), record);
        }
    }
    Ok(batch)
}

fn answer(requests: Vec<Request>, mut batch: Batch) {
    batch.records.retain(|_, record| !record.is_expired(batch.now));
    for request in requests {
        let record = batch.records.get(&request.key).cloned();
        // Whoever went away does not wait for the answer.
        let _ = request.answer.send(Ok(Found { data: record, tx: batch.tx }));
    }
}
