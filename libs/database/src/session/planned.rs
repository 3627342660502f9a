use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use ddb_core::{Error, Principal, RequestId, Result, TableName, Tx, Warning, sort_key};
use ddb_store::kept::caller_of_root;
use ddb_store::{KeptAnswer, Once, Outcome, Record, Refused, Step, Write, Written};
use tracing::Span;

use super::Session;
use crate::OnceKey;

/// Warnings of one write.
const MAX_WARNINGS: usize = 32;

/// A write that the caller may ask for: what its steps do is decided under the lock, once it runs.
#[must_use]
pub struct Planned<T> {
    session: Session,
    steps: Vec<Step>,
    /// What the answer says of what was written.
    read: Arc<Read<T>>,
    /// What the caller is told of a refusal.
    refuse: Box<dyn Fn(Refused) -> Error + Send + Sync>,
}

/// What a write did, and the transaction that it made, or whose state it saw where it changed nothing.
#[derive(Debug, Clone)]
pub struct Wrote<T> {
    pub data: T,
    pub tx: Tx,
    /// What is worth knowing of it, each with the index of its record or op among all of the request; the first [`MAX_WARNINGS`] of them.
    pub warnings: Vec<(usize, Warning)>,
}

type Read<T> = dyn Fn(Written) -> Result<T> + Send + Sync;

impl<T> Planned<T> {
    pub(super) fn new(session: &Session, steps: Vec<Step>, read: impl Fn(Written) -> Result<T> + Send + Sync + 'static) -> Self {
        Self { session: session.clone(), steps, read: Arc::new(read), refuse: Box::new(Error::from) }
    }

    /// Says of a refusal what the steps mean to the caller.
    pub(super) fn refusing(mut self, refuse: impl Fn(Refused) -> Error + Send + Sync + 'static) -> Self {
        self.refuse = Box::new(refuse);
        self
    }

    /// All of it, or nothing. A write without steps shows the newest transaction.
    pub async fn run(self) -> Result<Wrote<T>> {
        let Self { session, steps, read, refuse } = self;
        let store = session.database.store();
        if steps.is_empty() {
            let tx = store.head(session.namespace).await?;
            let written = Written { tx, records: Vec::new(), changed: 0, warnings: Vec::new() };
            return Ok(Wrote { data: read(written)?, tx, warnings: Vec::new() });
        }
        let watch = Watch::begin(&session, &steps);
        let written = store.write(write(&session, steps)).await.map_err(refuse)?;
        drop(watch);
        wrote(written, &*read)
    }
}

impl<T: 'static> Planned<T> {
    /// The same, once: where the caller has sent the request before, its answer is that of the first time. `render` makes the answer, and of the same
    /// state the same one. 422 where the key belongs to another request, 409 where the answer was too large to be kept.
    pub async fn run_once(
        self,
        once: OnceKey,
        render: impl Fn(&Wrote<T>) -> KeptAnswer + Send + Sync + 'static,
    ) -> Result<KeptAnswer> {
        // Whoever has no account writes nothing that could be kept.
        let caller = kept_caller(&self.session.principal)?;
        let Some(caller) = caller.filter(|_| !self.steps.is_empty()) else { return Ok(render(&self.run().await?)) };
        let Self { session, steps, read, refuse } = self;
        let answer = Arc::new(move |written: &Written| Ok(render(&wrote(written.clone(), &*read)?)));
        let OnceKey { key, part, request } = once;
        let kept = answer.clone();
        let once = Once { caller, key, part, request, answer: Box::new(move |written| kept(written)) };
        let _watch = Watch::begin(&session, &steps);
        match session.database.store().write_once(write(&session, steps), once).await.map_err(refuse)? {
            Outcome::Written(written) => answer(&written),
            Outcome::Repeated(answer) => Ok(answer),
        }
    }
}

fn wrote<T>(mut written: Written, read: &Read<T>) -> Result<Wrote<T>> {
    let (tx, mut warnings) = (written.tx, std::mem::take(&mut written.warnings));
    warnings.truncate(MAX_WARNINGS);
    Ok(Wrote { data: read(written)?, tx, warnings })
}

/// A write until it is answered. When it is dropped it is logged where it took long: what it was about, but not which records.
struct Watch<'a> {
    session: &'a Session,
    started: Instant,
    steps: usize,
    tables: BTreeSet<TableName>,
    _span: Span,
}

impl<'a> Watch<'a> {
    fn begin(session: &'a Session, steps: &[Step]) -> Self {
        let is_watched = session.database.inner.slow.is_some();
        let tables = steps.iter().filter(|_| is_watched).map(|step| step.table.clone()).collect();
        let span = tracing::info_span!(target: "ddb_trace", "write", ddb.records = steps.len());
        Self { session, started: Instant::now(), steps: steps.len(), tables, _span: span }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        if self.session.database.inner.slow.is_none_or(|slow| took < slow) {
            return;
        }
        tracing::warn!(
            request_id = self.session.request.as_ref().map(RequestId::as_str),
            namespace = self.session.namespace.0,
            took_ms = took.as_millis() as u64,
            tables = self.tables.iter().map(TableName::as_str).collect::<Vec<_>>().join(", "),
            records = self.steps,
            "slow write"
        );
    }
}

/// Whom an answer is kept for; None: nobody.
fn kept_caller(principal: &Principal) -> Result<Option<Vec<u8>>> {
    match principal {
        Principal::Anonymous | Principal::System => Ok(None),
        Principal::Account(account) => sort_key::encode_record_key(&account.key).map(Some),
        Principal::Root(account) => sort_key::encode_record_key(&account.key).map(|key| Some(caller_of_root(&key))),
    }
}

fn write(session: &Session, steps: Vec<Step>) -> Write {
    Write {
        namespace: session.namespace,
        actor: session.principal.user_key().cloned(),
        request: session.request.clone(),
        allowance: session.allowance(),
        steps,
        system: Vec::new(),
    }
}

/// The record of a write that is about one.
pub(super) fn one(written: Written) -> Result<Record> {
    let record = written.records.into_iter().next().flatten();
    record.ok_or_else(|| Error::internal("the write gave no record"))
}
