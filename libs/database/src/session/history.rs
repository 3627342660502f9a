use ddb_access::Authorized;
use ddb_core::{Error, NamespaceId, RecordId, RecordKey, Result, TableName, Tx};
use ddb_store::{Found, Place, Store, Version, Versions};

use super::{Answer, Session, absent};
use crate::cursor;

const MAX_LIMIT: u32 = 1_000;

/// A page of a record's history, the newest version first.
#[derive(Debug, Clone)]
pub struct HistoryPage {
    pub versions: Vec<Version>,
    /// Where the next page begins; None on the last.
    pub next_cursor: Option<String>,
    /// The transaction from which on the record's past is kept, where something came before it.
    pub horizon: Option<Tx>,
}

/// The versions of one record before a place.
struct VersionsOf<'a> {
    table: &'a TableName,
    key: &'a RecordKey,
    until: Option<Place>,
    limit: u32,
}

impl Session {
    /// The versions of a record that the caller may read: those whose state the caller may read, if the caller may read the record as it is now, or as it was
    /// last. 404 where there are none. `limit` is 1 to 1,000; a page of large values ends earlier. `cursor` is the `next_cursor` of the page before.
    pub async fn history(
        &self,
        table: &TableName,
        key: &RecordKey,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Answer<HistoryPage>> {
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Error::bad_request(format!("`limit` must be a whole number from 1 to {MAX_LIMIT}")));
        }
        let cursor_key = &self.database.inner.cursor_key;
        let list = format!("history of {}", RecordId::new(table.clone(), key.clone()).plain());
        let until = cursor.map(|text| cursor::open(cursor_key, self.cursor_caller(), &list, text)).transpose()?;
        let until = until.map(|place| decode(&place).ok_or_else(cursor::refused)).transpose()?;
        let read = Authorized::read(self.policy(table), &self.principal, VersionsOf { table, key, until, limit });
        let found = run(self.database.store(), self.namespace, &read).await?;
        let Versions { versions, has_more, horizon } = found.data.ok_or_else(|| absent(table, key))?;
        let next_cursor = match versions.last() {
            Some(last) if has_more => Some(cursor::seal(cursor_key, self.cursor_caller(), &list, &encode(last.place))?),
            _ => None,
        };
        Ok(Answer { data: HistoryPage { versions, next_cursor, horizon }, tx: found.tx })
    }
}

async fn run(store: &Store, namespace: NamespaceId, read: &Authorized<VersionsOf<'_>>) -> Result<Found<Option<Versions>>> {
    let VersionsOf { table, key, until, limit } = read.query();
    store.history(namespace, table, key, (*until, *limit as usize), &|owner| read.rows().contain(owner)).await
}

pub(super) fn encode(place: Place) -> Vec<u8> {
    [&place.tx.0.to_be_bytes()[..], &place.position.to_be_bytes()].concat()
}

pub(super) fn decode(bytes: &[u8]) -> Option<Place> {
    let (tx, position) = bytes.split_first_chunk()?;
    Some(Place { tx: Tx(i64::from_be_bytes(*tx)), position: i32::from_be_bytes(position.try_into().ok()?) })
}
