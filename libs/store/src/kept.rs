//! Answers that are kept, so that a request which is sent again has one effect and one answer.
//!
//! They are written in the transaction of the write, and looked for under the lock.

use std::collections::HashMap;
use std::time::Duration;

use ddb_core::{Error, ErrorCode, NamespaceId, Result, Timestamp, Tx};
use sqlx::{PgConnection, Row};

use crate::Store;
use crate::connection::to_error;
use crate::job::Recurring;
use crate::transactor::Written;

/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 3_600);
/// How often answers that are too old are looked for.
const EVERY: Duration = Duration::from_secs(600);
/// Answers that are removed in one statement.
const BATCH: i64 = 1_000;
/// Bytes of a body that is kept.
const MAX_BODY: usize = 1 << 20;

/// What makes a write happen once: the same one, sent again by the same caller, has the answer of the first and no effect.
pub struct Once {
    /// Who calls: of an account the sort key of its key, of root in another namespace [`caller_of_root`].
    pub caller: Vec<u8>,
    /// What the caller calls the request.
    pub key: String,
    /// Which of the request's writes it is.
    pub part: i32,
    /// Of all that makes it the same request.
    pub request: [u8; 32],
    /// What the caller is answered.
    pub answer: Render,
}

/// Stands for root in another namespace than `main`, by the sort key of the account's key: no sort key begins with a zero.
pub fn caller_of_root(sort_key: &[u8]) -> Vec<u8> {
    [&[0], sort_key].concat()
}

/// Makes an answer of what was written; of the same state the same one.
pub type Render = Box<dyn Fn(&Written) -> Result<KeptAnswer> + Send + Sync>;

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    pub status: u16,
    pub content_type: Option<String>,
    /// The transaction that it names.
    pub tx: Option<Tx>,
    /// The transaction of the record's last change, where it is about one.
    pub etag: Option<Tx>,
    pub body: Vec<u8>,
}

/// Whose request, what he calls it, and which of its writes.
pub(crate) type KeptKey = (Vec<u8>, String, i32);

/// What is known of a request that was carried out.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    request: Vec<u8>,
    status: i16,
    content_type: Option<String>,
    tx: Option<i64>,
    etag: Option<i64>,
    /// None where it was too large to be kept, or was removed since.
    body: Option<Vec<u8>>,
    /// The entities that the write was about: what has to be looked at where one of them is erased.
    entities: Vec<i64>,
}

impl Kept {
    pub(crate) fn new(once: &Once, answer: KeptAnswer, entities: Vec<i64>) -> Self {
        Self {
            request: once.request.to_vec(),
            status: i16::try_from(answer.status).expect("a status has three digits"),
            content_type: answer.content_type,
            tx: answer.tx.map(|tx| tx.0),
            etag: answer.etag.map(|tx| tx.0),
            body: Some(answer.body).filter(|body| body.len() <= MAX_BODY),
            entities,
        }
    }

    /// The answer to the request, if it is the same one.
    pub(crate) fn answer(&self, once: &Once) -> Result<KeptAnswer> {
        // What the request said is cleared with the answer.
        if !self.request.is_empty() && self.request != once.request {
            let message = "the idempotency key was used for another request";
            return Err(Error::new(ErrorCode::ValidationFailed, message));
        }
        let Some(body) = self.body.clone() else {
            let tx = self.tx.unwrap_or_default();
            let message = format!("the request was carried out already, in transaction {tx}; its answer is not kept");
            return Err(Error::conflict(message));
        };
        Ok(KeptAnswer {
            status: u16::try_from(self.status).map_err(Error::internal)?,
            content_type: self.content_type.clone(),
            tx: self.tx.map(Tx),
            etag: self.etag.map(Tx),
            body,
        })
    }
}

/// Those of the requests that were carried out within the last day.
pub(crate) async fn find(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    now: Timestamp,
    keys: Vec<KeptKey>,
) -> Result<HashMap<KeptKey, Kept>, sqlx::Error> {
    let rows = sqlx::query(
        "
        select k.caller, k.key, k.part, k.request, k.status, k.content_type, k.tx, k.etag, k.entities,
               case when not exists (
                   select from ddb.entity e where e.namespace = $1 and e.id = any(k.entities) and e.key is null
               ) then k.body end
        from unnest($2::bytea[], $3::text[], $4::int[]) as u (caller, key, part)
        join ddb.kept_answer k on k.namespace = $1 and k.caller = u.caller and k.key = u.key and k.part = u.part
        where k.created_at > $5
        ",
    )
    .bind(namespace.0)
    .bind(keys.iter().map(|(caller, _, _)| caller.clone()).collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, key, _)| key.clone()).collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, _, part)| *part).collect::<Vec<_>>())
    .bind(now.0 - KEPT.as_micros() as i64)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let kept = Kept {
                request: row.try_get(3)?,
                status: row.try_get(4)?,
                content_type: row.try_get(5)?,
                tx: row.try_get(6)?,
                etag: row.try_get(7)?,
                entities: row.try_get(8)?,
                // Of what is erased, nothing is told, also before the answer itself is cleared.
                body: row.try_get(9)?,
            };
            Ok(((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?), kept))
        })
        .collect()
}

/// Keeps the answers of a group; those that stand there under their keys are older than a day.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    now: Timestamp,
    answers: &[(KeptKey, Kept)],
) -> Result<(), sqlx::Error> {
    // Arrays of arrays have one length in PostgreSQL, so the entities come as text.
    let entities = |kept: &Kept| kept.entities.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    sqlx::query(
        "
        insert into ddb.kept_answer
            (namespace, caller, key, part, request, status, content_type, tx, etag, body, entities, created_at)
        select $1, u.caller, u.key, u.part, u.request, u.status, u.content_type, u.tx, u.etag, u.body,
               string_to_array(u.entities, ',')::bigint[], $2
        from unnest(
            $3::bytea[], $4::text[], $5::int[], $6::bytea[], $7::smallint[], $8::text[], $9::bigint[], $10::bigint[],
            $11::bytea[], $12::text[]
        ) as u (caller, key, part, request, status, content_type, tx, etag, body, entities)
        on conflict (namespace, caller, key, part) do update
            set request = excluded.request, status = excluded.status, content_type = excluded.content_type,
                tx = excluded.tx, etag = excluded.etag, body = excluded.body, entities = excluded.entities,
                created_at = excluded.created_at
        ",
    )
    .bind(namespace.0)
    .bind(now.0)
    .bind(answers.iter().map(|((caller, _, _), _)| caller.as_slice()).collect::<Vec<_>>())
    .bind(answers.iter().map(|((_, key, _), _)| key.as_str()).collect::<Vec<_>>())
    .bind(answers.iter().map(|((_, _, part), _)| *part).collect::<Vec<_>>())
    .bind(answers.iter().map(|(_, kept)| kept.request.as_slice()).collect::<Vec<_>>())
    .bind(answers.iter().map(|(_, kept)| kept.status).collect::<Vec<_>>())
    .bind(answers.iter().map(|(_, kept)| kept.content_type.as_deref()).collect::<Vec<_>>())
    .bind(answers.iter().map(|(_, kept)| kept.tx).collect::<Vec<_>>())
    .bind(answers.iter().map(|(_, kept)| kept.etag).collect::<Vec<_>>())
    .bind(answers.iter().map(|(_, kept)| kept.body.as_deref()).collect::<Vec<_>>())
    .bind(answers.iter().map(|(_, kept)| entities(kept)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the answers that are too old, as a job.
pub fn sweeper() -> Recurring {
    Recurring {
        kind: "kept_answers",
        every: EVERY,
        run: Box::new(|store| Box::pin(async move { sweep(&store).await.map(|_| ()) })),
    }
}

/// Gives how many answers were removed.
pub async fn sweep(store: &Store) -> Result<u64> {
    let mut removed = 0;
    loop {
        let of_batch = sqlx::query(
            "
            delete from ddb.kept_answer
            where ctid = any (array(
                select ctid from ddb.kept_answer
                where created_at <= (extract(epoch from now()) * 1000000)::bigint - $1
                order by created_at
                limit $2
            ))
            ",
        )
        .bind(KEPT.as_micros() as i64)
        .bind(BATCH)
        .execute(store.pool())
        .await
        .map_err(to_error)?
        .rows_affected();
        removed += of_batch;
        if of_batch < BATCH as u64 {
            return Ok(removed);
        }
    }
}
