use ddb_core::{Error, RecordId, Result, TableName, Tx};
use ddb_store::job::Job;
use ddb_store::verify::{self, Scope};

use super::{Answer, Session};

impl Session {
    /// Begins to verify the transactions `from` (1) to `to` (the newest) in the background; with all of them, the records too. Gives the job's number. For
    /// admins.
    pub async fn start_to_verify(&self, from: Option<Tx>, to: Option<Tx>, expected_head: Option<&str>) -> Result<Answer<i64>> {
        self.require_admin()?;
        let head = self.database.store().head(self.namespace).await?;
        let from = from.unwrap_or(Tx(1));
        for (name, tx) in [("from", Some(from)), ("to", to)] {
            if tx.is_some_and(|tx| tx > head.max(Tx(1))) {
                return Err(Error::bad_request(format!("`{name}` is a transaction that is still to come; the newest is {head}")));
            }
        }
        if to.is_some_and(|to| to < from) {
            return Err(Error::bad_request("`to` is before `from`"));
        }
        let by = self.principal.user_key().map(|key| RecordId::new(TableName::user(), key.clone()));
        let job = verify::job(self.namespace, Scope { from, to, expected_head }, by);
        Ok(Answer { data: self.database.store().enqueue(job).await?, tx: head })
    }

    /// A job, for admins and for whoever asked for it; 404 for others as for one that never was.
    pub async fn job(&self, id: i64) -> Result<Answer<Job>> {
        let tx = self.database.store().head(self.namespace).await?;
        let own = self.principal.user_key().map(|key| RecordId::new(TableName::user(), key.clone()).literal().to_string());
        let is_visible = |job: &Job| self.principal.is_admin() || own.is_some() && job.by == own;
        let job = self.database.store().job(self.namespace, id).await?.filter(is_visible);
        Ok(Answer { data: job.ok_or_else(|| Error::not_found(format!("there is no job {id}")))?, tx })
    }
}
