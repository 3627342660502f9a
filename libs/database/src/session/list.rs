use ddb_access::{Authorized, Rows};
use ddb_core::{Error, NamespaceId, RecordKey, Result, TableName};
use ddb_store::{ListQuery, Record, Store};

use super::{Answer, Session};
use crate::cursor;

const MAX_LIMIT: u32 = 1_000;

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    pub records: Vec<Record>,
    /// Where the next page begins; None on the last.
    pub next_cursor: Option<String>,
}

/// A table in the order of its keys.
struct InOrderOfKeys<'a> {
    table: &'a TableName,
    after: Option<RecordKey>,
    limit: u32,
}

impl Session {
    /// What the caller may see of a table, by key. `limit` is 1 to 1,000; `cursor` is the `next_cursor` of the page before.
    pub async fn list(&self, table: &TableName, limit: u32, cursor: Option<&str>) -> Result<Answer<Page>> {
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Error::bad_request(format!("`limit` must be a whole number from 1 to {MAX_LIMIT}")));
        }
        let cursor_key = &self.database.inner.cursor_key;
        let after = cursor.map(|text| cursor::decode(cursor_key, &self.principal, table, text)).transpose()?;
        let read = Authorized::read(self.policy(table), &self.principal, InOrderOfKeys { table, after, limit });
        let Answer { data: mut records, tx } = run(self.database.store(), self.namespace, &read).await?;
        let has_more = records.len() > limit as usize;
        records.truncate(limit as usize);
        let next_cursor = match records.last() {
            Some(last) if has_more => Some(cursor::encode(cursor_key, &self.principal, table, &last.id.key)?),
            _ => None,
        };
        Ok(Answer { data: Page { records, next_cursor }, tx })
    }
}

/// One record more than the page holds, to know whether there is a next page.
async fn run(store: &Store, namespace: NamespaceId, read: &Authorized<InOrderOfKeys<'_>>) -> Result<Answer<Vec<Record>>> {
    let query = read.query();
    let owner = match read.rows() {
        Rows::All => None,
        Rows::OwnedBy(key) => Some(key.clone()),
        Rows::Nothing => return Ok(Answer { data: Vec::new(), tx: store.head(namespace).await? }),
    };
    let list = ListQuery { table: query.table.clone(), owner, after: query.after.clone(), limit: query.limit + 1 };
    let found = store.list(namespace, &list).await?;
    Ok(Answer { data: found.data, tx: found.tx })
}
