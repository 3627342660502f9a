use ddb_access::{Authorized, Policy};
use ddb_core::{Error, NamespaceId, Principal, RecordKey, Result, TableName};
use ddb_store::{Activity, ActivityEntry, ActivityQuery, Found, Store};

use super::history::{decode, encode};
use super::{Answer, Session};
use crate::cursor;

const MAX_LIMIT: u32 = 1_000;

/// Which activity.
#[derive(Debug, Clone, Default)]
pub struct ActivityOf {
    /// The key of the account's record in the table `user`.
    pub user: Option<RecordKey>,
    pub table: Option<TableName>,
    /// With a table only.
    pub key: Option<RecordKey>,
}

/// A page, the newest first.
#[derive(Debug, Clone)]
pub struct ActivityPage {
    pub entries: Vec<ActivityEntry>,
    /// Where the next page begins; None on the last.
    pub next_cursor: Option<String>,
}

impl Session {
    /// What was done, as far as it concerns records that the caller may read, now and in the state that was made. Nothing that matches is an empty page, whether
    /// the user, the table or the record exists or not. A page looks at a bounded number of transactions and may be short; `next_cursor` tells whether
    /// there is more to look at.
    pub async fn activity(&self, of: ActivityOf, limit: u32, cursor: Option<&str>) -> Result<Answer<ActivityPage>> {
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Error::bad_request(format!("`limit` must be a whole number from 1 to {MAX_LIMIT}")));
        }
        if of.key.is_some() && of.table.is_none() {
            return Err(Error::bad_request("`key` needs `table`"));
        }
        if matches!(self.principal, Principal::Anonymous) {
            let tx = self.database.store().head(self.namespace).await?;
            return Ok(Answer { data: ActivityPage { entries: Vec::new(), next_cursor: None }, tx });
        }
        let cursor_key = &self.database.inner.cursor_key;
        let list = format!("activity of {of:?}");
        let until = cursor.map(|text| cursor::open(cursor_key, self.cursor_caller(), &list, text)).transpose()?;
        let until = until.map(|place| decode(&place).ok_or_else(cursor::refused)).transpose()?;
        // How far the transactions of somebody else reach is not the caller's to know.
        let by_actor = self.principal.is_admin() || of.user.as_ref() == self.principal.user_key();
        let ActivityOf { user: actor, table, key } = of;
        let query = ActivityQuery { actor, by_actor, table, key, until, limit: limit as usize };
        // In this version every table has the policy of those without PERMISSIONS.
        let read = Authorized::read(Policy::Private, &self.principal, query);
        let Found { data: Activity { entries, next }, tx } = run(self.database.store(), self.namespace, &read).await?;
        let next_cursor = next.map(|place| cursor::seal(cursor_key, self.cursor_caller(), &list, &encode(place))).transpose()?;
        Ok(Answer { data: ActivityPage { entries, next_cursor }, tx })
    }
}

async fn run(store: &Store, namespace: NamespaceId, read: &Authorized<ActivityQuery>) -> Result<Found<Activity>> {
    store.activity(namespace, read.query(), &|owner| read.rows().contain(owner)).await
}
