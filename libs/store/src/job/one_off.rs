//! Jobs that are done once, because somebody asked for it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ddb_core::{Error, ErrorCode, NamespaceId, RecordId, Result, Timestamp};
use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::Row;
use tokio_util::sync::CancellationToken;

use super::{LEASE, POLL};
use crate::Store;
use crate::connection::to_error;

/// How often progress is written and the lease renewed.
const TICK: Duration = Duration::from_secs(1);
/// How often a job is begun; behind the last failure that could pass, it has failed.
const MAX_ATTEMPTS: i32 = 5;
/// How long it waits behind a failure that can pass.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// How long a job that has ended can be asked for.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3_600);

/// A kind of work that is done once.
pub struct OneOff {
    /// A stable name: it stands in the database.
    pub kind: &'static str,
    pub run: Run,
}

/// Takes the payload and tells its progress; its answer is the result.
type Run =
    Box<dyn Fn(Store, NamespaceId, serde_json::Value, Progress) -> BoxFuture<'static, Result<serde_json::Value>> + Send + Sync>;

/// How far a job is. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<(AtomicU64, AtomicU64)>);

impl Progress {
    pub fn expect(&self, total: u64) {
        self.0.1.store(total, Ordering::Relaxed);
    }

    pub fn advance(&self, by: u64) {
        self.0.0.fetch_add(by, Ordering::Relaxed);
    }

    /// What is done, never more than there is to do, and what there is to do.
    pub fn read(&self) -> (u64, u64) {
        let total = self.0.1.load(Ordering::Relaxed);
        (self.0.0.load(Ordering::Relaxed).min(total), total)
    }
}

/// A job that somebody asks for.
#[derive(Debug)]
pub struct NewJob {
    pub namespace: NamespaceId,
    pub kind: &'static str,
    pub payload: serde_json::Value,
    /// None: the system.
    pub by: Option<RecordId>,
}

/// A job as it stands.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: i64,
    pub kind: String,
    pub state: JobState,
    pub done: i64,
    pub total: i64,
    /// JSON, of a job that is done.
    pub result: Option<String>,
    /// Why it failed, in words that clients may read.
    pub problem: Option<String>,
    /// The record of the account that asked for it, as text; None: the system.
    pub by: Option<String>,
    pub created: Timestamp,
    pub finished: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    Queued,
    Running,
    Done,
    Failed,
}

impl JobState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        [Self::Queued, Self::Running, Self::Done, Self::Failed]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| Error::internal(format!("a job has the state `{text}`, which this program does not know")))
    }
}

/// A job that this process has taken.
struct Claimed {
    id: i64,
    namespace: NamespaceId,
    kind: String,
    payload: serde_json::Value,
    /// Tells this claim from those before and after it.
    attempt: i32,
}

impl Store {
    /// Queues a job; one of the same kind and payload that has not ended yet is the answer instead. Gives its number.
    pub async fn enqueue(&self, job: NewJob) -> Result<i64> {
        let NewJob { namespace, kind, payload, by } = job;
        sqlx::query("delete from ddb.job where finished_at < (extract(epoch from clock_timestamp()) * 1000000)::bigint - $1")
            .bind(KEPT.as_micros() as i64)
            .execute(self.pool())
            .await
            .map_err(to_error)?;
        let row = sqlx::query(
            "
            with clock as (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now)
            insert into ddb.job (namespace, kind, due, payload, state, created_at, created_by, unique_key)
            select $1, $2, now, $3::jsonb, 'queued', now, $4, $5 from clock
            on conflict (unique_key) do update set kind = excluded.kind
            returning id
            ",
        )
        .bind(namespace.0)
        .bind(kind)
        .bind(payload.to_string())
        .bind(by.map(|id| id.literal().to_string()))
        .bind(format!("{kind}:{namespace}:{payload}"))
        .fetch_one(self.pool())
        .await
        .map_err(to_error)?;
        row.try_get(0).map_err(to_error)
    }

    /// A job that is done once; None where there is none of that number in the namespace (any more).
    pub async fn job(&self, namespace: NamespaceId, id: i64) -> Result<Option<Job>> {
        let row = sqlx::query(
            "
            select kind, state, done, total, result, last_error, created_by, created_at, finished_at
            from ddb.job
            where namespace = $1 and id = $2 and state is not null
            ",
        )
        .bind(namespace.0)
        .bind(id)
        .fetch_optional(self.pool())
        .await
        .map_err(to_error)?;
        let Some(row) = row else { return Ok(None) };
        let read = || {
            let state = row.try_get::<String, _>(1)?;
            let job = |state| {
                Ok::<Job, sqlx::Error>(Job {
                    id,
                    kind: row.try_get(0)?,
                    state,
                    done: row.try_get(2)?,
                    total: row.try_get(3)?,
                    result: row.try_get(4)?,
                    problem: row.try_get(5)?,
                    by: row.try_get(6)?,
                    created: Timestamp(row.try_get(7)?),
                    finished: row.try_get::<Option<i64>, _>(8)?.map(Timestamp),
                })
            };
            Ok::<_, sqlx::Error>(JobState::parse(&state).map(job))
        };
        read().map_err(to_error)??.map(Some).map_err(to_error)
    }

    /// Does the jobs of these kinds as they are asked for, one at a time, until cancelled. One that is interrupted is left to whoever looks next.
    pub async fn run_one_offs(&self, kinds: &[OneOff], cancelled: CancellationToken) {
        loop {
            match self.claim_one_off(kinds).await {
                Ok(Some(claimed)) => {
                    self.work(kinds, claimed, &cancelled).await;
                    if !cancelled.is_cancelled() {
                        continue;
                    }
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "no job could be claimed"),
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = cancelled.cancelled() => return,
            }
        }
    }

    async fn work(&self, kinds: &[OneOff], claimed: Claimed, cancelled: &CancellationToken) {
        let Some(kind) = kinds.iter().find(|kind| kind.kind == claimed.kind) else { return };
        let progress = Progress::default();
        let run = (kind.run)(self.clone(), claimed.namespace, claimed.payload.clone(), progress.clone());
        let running = AssertUnwindSafe(run).catch_unwind();
        tokio::pin!(running);
        let outcome = loop {
            tokio::select! {
                biased;
                outcome = &mut running => break outcome.unwrap_or_else(|_| Err(Error::internal("the job panicked"))),
                () = cancelled.cancelled() => {
                    self.give_back(&claimed, Duration::ZERO, None).await;
                    return;
                }
                () = tokio::time::sleep(TICK) => {
                    if !self.renew(&claimed, &progress).await {
                        tracing::warn!(kind = claimed.kind, id = claimed.id, "the lease of a job was lost; another process does it");
                        return;
                    }
                }
            }
        };
        match outcome {
            Ok(result) => self.finish(&claimed, &progress, Ok(result.to_string())).await,
            Err(error) => {
                tracing::warn!(error = error.told(), kind = claimed.kind, id = claimed.id, "a job failed");
                if error.code() == ErrorCode::Unavailable && claimed.attempt < MAX_ATTEMPTS {
                    self.give_back(&claimed, RETRY_AFTER, Some(error.message())).await;
                } else {
                    self.finish(&claimed, &progress, Err(error.message().to_owned())).await;
                }
            }
        }
    }

    /// Takes the job that is due for the longest time.
    async fn claim_one_off(&self, kinds: &[OneOff]) -> Result<Option<Claimed>> {
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.kind).collect();
        let row = sqlx::query(
            "
            with clock as (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now)
            update ddb.job
            set state = 'running', lease_until = clock.now + $2, attempts = attempts + 1, done = 0
            from clock
            where id = (
                select j.id
                from ddb.job j
                where j.state in ('queued', 'running') and j.kind = any($1) and j.due <= (select now from clock)
                  and (j.lease_until is null or j.lease_until < (select now from clock))
                order by j.due, j.id
                limit 1
                for update skip locked
            )
            returning id, namespace, kind, payload::text, attempts
            ",
        )
        .bind(kinds)
        .bind(LEASE.as_micros() as i64)
        .fetch_optional(self.pool())
        .await
        .map_err(to_error)?;
        let Some(row) = row else { return Ok(None) };
        let payload: String = row.try_get(3).map_err(to_error)?;
        let claimed = Claimed {
            id: row.try_get(0).map_err(to_error)?,
            namespace: NamespaceId(row.try_get(1).map_err(to_error)?),
            kind: row.try_get(2).map_err(to_error)?,
            payload: serde_json::from_str(&payload).map_err(Error::internal)?,
            attempt: row.try_get(4).map_err(to_error)?,
        };
        if claimed.attempt > MAX_ATTEMPTS {
            let problem = format!("it was begun {MAX_ATTEMPTS} times and never came to its end");
            self.finish(&claimed, &Progress::default(), Err(problem)).await;
            return Ok(None);
        }
        Ok(Some(claimed))
    }

    /// False where the job is not this process's any more.
    async fn renew(&self, claimed: &Claimed, progress: &Progress) -> bool {
        let (done, total) = progress.read();
        let renewed = sqlx::query(
            "
            update ddb.job
            set lease_until = (extract(epoch from clock_timestamp()) * 1000000)::bigint + $3, done = $4, total = $5
            where id = $1 and attempts = $2 and state = 'running'
            ",
        )
        .bind(claimed.id)
        .bind(claimed.attempt)
        .bind(LEASE.as_micros() as i64)
        .bind(done as i64)
        .bind(total as i64)
        .execute(self.pool())
        .await;
        match renewed {
            Ok(renewed) => renewed.rows_affected() == 1,
            // The lease outlives a moment without PostgreSQL.
            Err(error) => {
                tracing::debug!(%error, id = claimed.id, "the lease of a job was not renewed");
                true
            }
        }
    }

    async fn give_back(&self, claimed: &Claimed, after: Duration, problem: Option<&str>) {
        let given_back = sqlx::query(
            "
            update ddb.job
            set state = 'queued', lease_until = null, last_error = $4,
                attempts = case when $4::text is null then attempts - 1 else attempts end,
                due = (extract(epoch from clock_timestamp()) * 1000000)::bigint + $3
            where id = $1 and attempts = $2 and state = 'running'
            ",
        )
        .bind(claimed.id)
        .bind(claimed.attempt)
        .bind(after.as_micros() as i64)
        .bind(problem)
        .execute(self.pool())
        .await;
        if let Err(error) = given_back {
            // The lease ends by itself.
            tracing::debug!(%error, id = claimed.id, "a job could not be given back");
        }
    }

    async fn finish(&self, claimed: &Claimed, progress: &Progress, outcome: Result<String, String>) {
        let state = if outcome.is_ok() { JobState::Done } else { JobState::Failed };
        let (result, problem) = match outcome {
            Ok(result) => (Some(result), None),
            Err(problem) => (None, Some(problem)),
        };
        let (done, total) = progress.read();
        let finished = sqlx::query(
            "
            update ddb.job
            set state = $3, result = $4, last_error = $5, lease_until = null, unique_key = null,
                done = case when $3 = 'done' then $7 else $6 end, total = $7,
                finished_at = (extract(epoch from clock_timestamp()) * 1000000)::bigint
            where id = $1 and attempts = $2 and state = 'running'
            ",
        )
        .bind(claimed.id)
        .bind(claimed.attempt)
        .bind(state.as_str())
        .bind(result)
        .bind(problem)
        .bind(done as i64)
        .bind(total as i64)
        .execute(self.pool())
        .await;
        if let Err(error) = finished {
            // It is done anew when its lease ends.
            tracing::warn!(%error, id = claimed.id, "the end of a job was not written");
        }
    }
}
