use super::{RecordId, RecordKey};
use crate::{Object, Timestamp, Tx};

/// A record at some point in time.
#[derive(Debug, Clone)]
pub struct Record {
    pub id: RecordId,
    pub fields: Object,
    /// The key of the owner's record in the table `user`; None where the system made it.
    pub owner: Option<RecordKey>,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// The transaction of the last change.
    pub tx: Tx,
    pub expires: Option<Timestamp>,
}
