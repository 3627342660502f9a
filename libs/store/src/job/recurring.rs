//! Jobs that are done again and again.

use std::time::Duration;

use ddb_core::{NamespaceId, Result};
use futures::future::BoxFuture;
use sqlx::Row;
use tokio_util::sync::CancellationToken;

use super::{LEASE, POLL};
use crate::Store;
use crate::connection::to_error;

/// Work that is done again and again.
pub struct Recurring {
    /// A stable name: it stands in the database.
    pub kind: &'static str,
    pub every: Duration,
    pub run: Box<dyn Fn(Store) -> BoxFuture<'static, Result<()>> + Send + Sync>,
}

impl Store {
    /// Runs the jobs as they become due, until cancelled. An error is logged and the job tried again at its next time.
    pub async fn run_jobs(&self, jobs: &[Recurring], cancelled: CancellationToken) {
        loop {
            for job in jobs {
                match self.claim(job).await {
                    Ok(true) => {
                        let outcome = (job.run)(self.clone()).await;
                        self.release(job, outcome.as_ref().err().map(ToString::to_string)).await;
                    }
                    Ok(false) => {}
                    Err(error) => tracing::debug!(%error, kind = job.kind, "a job could not be claimed"),
                }
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = cancelled.cancelled() => return,
            }
        }
    }

    /// Takes a due job; false where it is not due or another process has it.
    async fn claim(&self, job: &Recurring) -> Result<bool> {
        let row = sqlx::query(
            "
            with clock as (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now),
            made as (
                insert into ddb.job (namespace, kind, due, lease_until, attempts, unique_key)
                select $1, $2, now, now + $3, 1, $4 from clock
                on conflict (unique_key) do update
                    set lease_until = excluded.lease_until, attempts = ddb.job.attempts + 1
                    where ddb.job.due <= excluded.due
                      and (ddb.job.lease_until is null or ddb.job.lease_until < excluded.due)
                returning id
            )
            select count(*) from made
            ",
        )
        .bind(NamespaceId::MAIN.0)
        .bind(job.kind)
        .bind(LEASE.as_micros() as i64)
        .bind(unique_key(job))
        .fetch_one(self.pool())
        .await
        .map_err(to_error)?;
        Ok(row.try_get::<i64, _>(0).map_err(to_error)? == 1)
    }

    async fn release(&self, job: &Recurring, failure: Option<String>) {
        if let Some(error) = &failure {
            tracing::warn!(%error, kind = job.kind, "a job failed");
        }
        let released = sqlx::query(
            "
            update ddb.job
            set due = (extract(epoch from clock_timestamp()) * 1000000)::bigint + $2, lease_until = null,
                attempts = case when $3::text is null then 0 else attempts end, last_error = $3
            where unique_key = $1
            ",
        )
        .bind(unique_key(job))
        .bind(job.every.as_micros() as i64)
        .bind(failure)
        .execute(self.pool())
        .await;
        if let Err(error) = released {
            // The lease ends by itself.
            tracing::debug!(%error, kind = job.kind, "a job could not be released");
        }
    }
}

fn unique_key(job: &Recurring) -> String {
    format!("{}:{}", job.kind, NamespaceId::MAIN)
}
