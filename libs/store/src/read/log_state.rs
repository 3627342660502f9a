//! How far the log has come: one statement for all who ask at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ddb_core::{Error, NamespaceId, Result, TableId, Timestamp, Tx, chain};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgExecutor, Row};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use crate::changes::LogHead;
use crate::connection::{is_lost, to_error};
use crate::{dictionary, projection};

/// Nobody waits longer: the patience of who asks is not longer either.
const ROUND_TRIP_LIMIT: Duration = Duration::from_secs(2);

/// Where a namespace stands.
#[derive(Debug, Clone, Copy)]
pub struct LogState {
    pub head: LogHead,
    /// The clock by which records expire.
    pub now: Timestamp,
    /// The version of the definitions.
    pub definitions: i64,
}

const COLUMNS: &str = "
    n.definitions,
    coalesce(t.tx, 0),
    t.hash,
    greatest((extract(epoch from now()) * 1000000)::bigint, t.time)";
const SOURCE: &str = "
    ddb.namespace n
    left join lateral (select tx, hash, time from ddb.tx where namespace = n.id order by tx desc limit 1) t on true
    where n.id = $1";

impl LogState {
    fn from_row(row: &PgRow) -> Result<Self> {
        let hash: Option<&[u8]> = row.try_get(2).map_err(to_error)?;
        Ok(Self {
            head: LogHead {
                tx: Tx(row.try_get(1).map_err(to_error)?),
                hash: hash.map(dictionary::hash).transpose()?.unwrap_or(chain::GENESIS),
            },
            now: Timestamp(row.try_get(3).map_err(to_error)?),
            definitions: row.try_get(0).map_err(to_error)?,
        })
    }
}

/// With the time at which the first record of the tables expires: in the past where one has that was not deleted yet.
pub(crate) async fn with_expiry(
    executor: impl PgExecutor<'_>,
    namespace: NamespaceId,
    tables: &[TableId],
) -> Result<(LogState, Option<Timestamp>)> {
    let of_table = |table: &TableId| format!("(select min(expires) from {}), ", projection::relation(namespace, *table));
    let first: String = tables.iter().map(of_table).collect();
    let statement = format!("select {COLUMNS}, least({first}null::bigint) from {SOURCE}");
    let query = sqlx::query(AssertSqlSafe(statement)).persistent(tables.len() == 1).bind(namespace.0);
    let row = query.fetch_one(executor).await.map_err(to_error)?;
    Ok((LogState::from_row(&row)?, row.try_get::<Option<i64>, _>(4).map_err(to_error)?.map(Timestamp)))
}

type Answer = oneshot::Sender<Result<LogState>>;

#[derive(Default)]
struct Line {
    /// None once it is closed.
    waiting: Mutex<Option<HashMap<NamespaceId, Vec<Answer>>>>,
    arrived: Notify,
}

/// Has a connection of its own, from the first question on.
pub(crate) struct LogReader {
    line: Arc<Line>,
    patience: Duration,
    task: tokio::sync::Mutex<Option<JoinHandle<()>>>,
}

impl LogReader {
    pub(crate) fn start(options: &PgConnectOptions, patience: Duration) -> Self {
        let line = Arc::new(Line { waiting: Mutex::new(Some(HashMap::new())), arrived: Notify::new() });
        let options = options.clone().options([("statement_timeout", "2s"), ("jit", "off")]);
        let task = tokio::spawn(run(line.clone(), options));
        Self { line, patience, task: tokio::sync::Mutex::new(Some(task)) }
    }

    /// The state at some moment after the call.
    pub(crate) async fn get(&self, namespace: NamespaceId) -> Result<LogState> {
        let unavailable = || Error::unavailable("the database is not reachable at the moment");
        let (answer, state) = oneshot::channel();
        self.line.lock().as_mut().ok_or_else(unavailable)?.entry(namespace).or_default().push(answer);
        self.line.arrived.notify_one();
        let state = tokio::time::timeout(self.patience, state).await.map_err(|_| unavailable())?;
        state.map_err(|_| unavailable())?
    }

    pub(crate) async fn stop(&self) {
        *self.line.lock() = None;
        self.line.arrived.notify_one();
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the reader of the log's state did not end cleanly");
        }
    }
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Option<HashMap<NamespaceId, Vec<Answer>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn run(line: Arc<Line>, options: PgConnectOptions) {
    let mut connection: Option<PgConnection> = None;
    loop {
        line.arrived.notified().await;
        let Some(waiting) = line.lock().as_mut().map(std::mem::take) else { break };
        for (namespace, mut answers) in waiting {
            answers.retain(|answer| !answer.is_closed());
            if answers.is_empty() {
                continue;
            }
            let mut outcome = ask(&mut connection, &options, namespace).await;
            if outcome.as_ref().is_err_and(is_lost) {
                // The connection may have died while it was idle.
                connection = None;
                outcome = ask(&mut connection, &options, namespace).await;
            }
            if outcome.as_ref().is_err_and(is_lost) {
                connection = None;
            }
            let state = outcome.map_err(to_error).and_then(|row| LogState::from_row(&row));
            for answer in answers {
                let state = state.as_ref().map(|state| *state).map_err(Error::for_another);
                // Whoever went away does not wait for the answer.
                let _ = answer.send(state);
            }
        }
    }
    if let Some(connection) = connection
        && let Err(error) = connection.close().await
    {
        tracing::debug!(%error, "closing the connection that reads the log's state");
    }
}

async fn ask(
    connection: &mut Option<PgConnection>,
    options: &PgConnectOptions,
    namespace: NamespaceId,
) -> Result<PgRow, sqlx::Error> {
    let silent = || sqlx::Error::Protocol("PostgreSQL did not answer in time".to_owned());
    let asking = async {
        let connection = match connection {
            Some(connection) => connection,
            None => connection.insert(PgConnection::connect_with(options).await?),
        };
        let statement = format!("select {COLUMNS} from {SOURCE}");
        sqlx::query(AssertSqlSafe(statement)).bind(namespace.0).fetch_one(connection).await
    };
    tokio::time::timeout(ROUND_TRIP_LIMIT, asking).await.unwrap_or_else(|_| Err(silent()))
}
