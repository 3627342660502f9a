//! Who erased how much, when and why.

use ddb_core::{NamespaceId, RecordKey, Result, Timestamp, Tx};
use sqlx::Row;

use crate::connection::to_error;
use crate::{Store, projection};

/// What one transaction erased.
#[derive(Debug, Clone)]
pub struct Erasure {
    pub tx: Tx,
    pub time: Timestamp,
    /// The key of the account's record in the table `user`; None: the system, and who was erased since.
    pub actor: Option<RecordKey>,
    pub request: Option<String>,
    pub reason: String,
    /// Whether an account went with it.
    pub is_account: bool,
    pub records: i64,
    /// When nothing of it was left, also of what the account owned.
    pub finished: Option<Timestamp>,
}

impl Store {
    /// The newest erasures before a transaction, the newest first.
    pub async fn erasures(&self, namespace: NamespaceId, before: Tx, limit: usize) -> Result<Vec<Erasure>> {
        let rows = sqlx::query(
            "
            select r.tx, t.time, a.key, t.request_id, r.reason, r.is_account, r.records, r.finished
            from (
                select tx, min(reason) as reason, bool_or(is_account) as is_account, count(*) as records,
                       case when bool_and(done_at is not null) then max(done_at) end as finished
                from ddb.erasure
                where namespace = $1 and tx < $2
                group by tx
                order by tx desc
                limit $3
            ) r
            join ddb.tx t on t.namespace = $1 and t.tx = r.tx
            left join ddb.entity a on a.namespace = $1 and a.id = t.actor
            order by r.tx desc
            ",
        )
        .bind(namespace.0)
        .bind(before.0)
        .bind(limit as i64)
        .fetch_all(self.pool())
        .await
        .map_err(to_error)?;
        rows.iter()
            .map(|row| {
                let actor: Option<&[u8]> = row.try_get(2).map_err(to_error)?;
                let actor = actor.map(projection::decode_key).transpose()?;
                let read = || {
                    Ok::<_, sqlx::Error>(Erasure {
                        tx: Tx(row.try_get(0)?),
                        time: Timestamp(row.try_get(1)?),
                        actor,
                        request: row.try_get(3)?,
                        reason: row.try_get(4)?,
                        is_account: row.try_get(5)?,
                        records: row.try_get(6)?,
                        finished: row.try_get::<Option<i64>, _>(7)?.map(Timestamp),
                    })
                };
                read().map_err(to_error)
            })
            .collect()
    }
}
