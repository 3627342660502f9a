use ddb_core::{Error, Result};
use ddb_store::{Record, Refused, Step, Write, Written};

use super::{Answer, Session};

/// A write that the caller may ask for: what its steps do is decided under the lock, once it runs.
#[must_use]
pub struct Planned<T> {
    session: Session,
    steps: Vec<Step>,
    /// What the answer says of what was written.
    read: Box<dyn Fn(Written) -> Result<T> + Send + Sync>,
    /// What the caller is told of a refusal.
    refuse: Box<dyn Fn(Refused) -> Error + Send + Sync>,
}

impl<T> Planned<T> {
    pub(super) fn new(session: &Session, steps: Vec<Step>, read: impl Fn(Written) -> Result<T> + Send + Sync + 'static) -> Self {
        Self { session: session.clone(), steps, read: Box::new(read), refuse: Box::new(Error::from) }
    }

    /// Says of a refusal what the steps mean to the caller.
    pub(super) fn refusing(mut self, refuse: impl Fn(Refused) -> Error + Send + Sync + 'static) -> Self {
        self.refuse = Box::new(refuse);
        self
    }

    /// All of it, or nothing. A write without steps shows the newest transaction.
    pub async fn run(self) -> Result<Answer<T>> {
        let Self { session, steps, read, refuse } = self;
        let store = session.database.store();
        if steps.is_empty() {
            let tx = store.head(session.namespace).await?;
            return Ok(Answer { data: read(Written { tx, records: Vec::new() })?, tx });
        }
        let write = Write {
            namespace: session.namespace,
            actor: session.principal.user_key().cloned(),
            request: session.request.clone(),
            steps,
            system: Vec::new(),
        };
        let written = store.write(write).await.map_err(refuse)?;
        let tx = written.tx;
        Ok(Answer { data: read(written)?, tx })
    }
}

/// The record of a write that is about one.
pub(super) fn one(written: Written) -> Result<Record> {
    let record = written.records.into_iter().next().flatten();
    record.ok_or_else(|| Error::internal("the write gave no record"))
}
