//! What links lead to, as far as the caller may see it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ddb_access::Rows;
use ddb_core::{Error, ErrorCode, Record, RecordId, Result, TableName};
use ddb_engine::{Known, Records};
use ddb_store::{Owner, Snapshot};

/// Records that one request reads over links.
const MAX_RECORDS: usize = 100_000;
/// Documents of them, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// Records that are read at a time: at first, where they are small, and what small is in bytes.
const FIRST_CHUNK: usize = 16;
const MAX_CHUNK: usize = 1_000;
const SMALL: usize = 8_192;

/// The linked records that a request knows.
#[derive(Default)]
pub(crate) struct Links {
    pub(crate) records: Records,
    present: HashMap<RecordId, Arc<Record>>,
    absent: HashSet<RecordId>,
    asked: usize,
    bytes: usize,
}

impl Links {
    /// Reads the records that are not known yet. Those that the caller may not see are absent.
    pub(super) async fn fetch(
        &mut self,
        snapshot: &mut Snapshot,
        visible: impl Fn(&TableName) -> Rows,
        ids: Vec<RecordId>,
    ) -> Result<()> {
        self.asked += ids.len();
        if self.asked > MAX_RECORDS {
            let message = format!("the query follows links to more than {MAX_RECORDS} records");
            return Err(Error::new(ErrorCode::QueryLimit, message));
        }
        let mut chunk = FIRST_CHUNK;
        let mut rest = ids.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(chunk.min(rest.len()));
            rest = later;
            let before = self.bytes;
            let found = snapshot.records(now, |table| owner(visible(table))).await?;
            let mut absent: HashSet<&RecordId> = now.iter().collect();
            for record in found {
                self.bytes += ddb_core::weight(&record.fields);
                absent.remove(&record.id);
                let record = Arc::new(record);
                self.present.insert(record.id.clone(), record.clone());
                self.records.insert(record.id.clone(), Known::Present(record));
            }
            for id in absent {
                self.records.insert(id.clone(), Known::Absent);
                self.absent.insert(id.clone());
            }
            if self.bytes > MAX_BYTES {
                return Err(Error::new(ErrorCode::QueryLimit, "the records that the query links to are too large together"));
            }
            // Small records are read many at a time, large ones few.
            chunk = if self.bytes - before < chunk * SMALL { (chunk * 4).min(MAX_CHUNK) } else { FIRST_CHUNK };
        }
        Ok(())
    }

    /// Whether it was looked up.
    pub(crate) fn is_known(&self, id: &RecordId) -> bool {
        self.present.contains_key(id) || self.absent.contains(id)
    }

    /// A record that was fetched and is visible.
    pub(crate) fn get(&self, id: &RecordId) -> Option<&Arc<Record>> {
        self.present.get(id)
    }
}

/// Whose records are among the rows; None where there are none.
fn owner(rows: Rows) -> Option<Owner> {
    match rows {
        Rows::Nothing => None,
        Rows::All => Some(Owner::Anyone),
        Rows::OwnedBy(key) => Some(Owner::One(key)),
    }
}
