use ddb_core::{Error, Result, Tx};
use ddb_store::erasure::Erasure;

use super::{Answer, Session};
use crate::cursor;

const MAX_LIMIT: u32 = 1_000;
const LIST: &str = "erasures";

/// A page, the newest first.
#[derive(Debug, Clone)]
pub struct ErasurePage {
    pub erasures: Vec<Erasure>,
    /// Where the next page begins; None on the last.
    pub next_cursor: Option<String>,
}

impl Session {
    /// Who erased how much, when and why; never what. For admins.
    pub async fn erasures(&self, limit: u32, cursor: Option<&str>) -> Result<Answer<ErasurePage>> {
        self.require_admin()?;
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Error::bad_request(format!("`limit` must be a whole number from 1 to {MAX_LIMIT}")));
        }
        let cursor_key = &self.database.inner.cursor_key;
        let before = cursor.map(|text| cursor::open(cursor_key, self.cursor_caller(), LIST, text)).transpose()?;
        let before = before.map(|bytes| decode(&bytes).ok_or_else(cursor::refused)).transpose()?;
        let store = self.database.store();
        let tx = store.head(self.namespace).await?;
        let mut erasures = store.erasures(self.namespace, before.unwrap_or(Tx(i64::MAX)), limit as usize + 1).await?;
        let has_more = erasures.len() > limit as usize;
        erasures.truncate(limit as usize);
        let next_cursor = match erasures.last() {
            Some(last) if has_more => Some(cursor::seal(cursor_key, self.cursor_caller(), LIST, &last.tx.0.to_be_bytes())?),
            _ => None,
        };
        Ok(Answer { data: ErasurePage { erasures, next_cursor }, tx })
    }
}

fn decode(bytes: &[u8]) -> Option<Tx> {
    Some(Tx(i64::from_be_bytes(bytes.try_into().ok()?)))
}
