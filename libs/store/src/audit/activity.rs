//! What somebody did, and what happened to records.
//!
//! Three ways lead to the transactions: those of a record by the index of facts (entity, attribute, tx); those of an account by the index (actor, tx) of
//! transactions; all others by their numbers, from the newest down. The facts of a transaction are found by the BRIN index on their number. A page looks at
//! a bounded number of transactions, so that it is quick whatever is asked for.

use std::collections::{BTreeMap, HashMap};

use ddb_core::{NamespaceId, RecordId, RecordKey, Result, TableId, TableName, Timestamp, Tx, attribute, sort_key};
use sqlx::{PgConnection, Row};

use crate::connection::to_error;
use crate::past::{Action, Entity, Lives, MayRead, Moment, Place, Span};
use crate::projection;
use crate::read::Found;

/// How often one page looks for more.
const MAX_LOOKS: usize = 10;

/// Which activity, from where on, how much.
#[derive(Debug, Clone)]
pub struct ActivityQuery {
    /// Of the account with this record in the table `user`.
    pub actor: Option<RecordKey>,
    /// Whether transactions may be looked up by their actor. Otherwise how far a page comes tells nothing of him.
    pub by_actor: bool,
    pub table: Option<TableName>,
    /// Of one record of the table.
    pub key: Option<RecordKey>,
    /// Only what stands before this place.
    pub until: Option<Place>,
    pub limit: usize,
}

/// A page, the newest first.
#[derive(Debug, Clone)]
pub struct Activity {
    pub entries: Vec<ActivityEntry>,
    /// Where the next page begins; None on the last. A page may be short, also empty, and have a next one.
    pub next: Option<Place>,
}

/// What a transaction did with a record.
#[derive(Debug, Clone)]
pub struct ActivityEntry {
    pub place: Place,
    pub time: Timestamp,
    /// The key of the account's record in the table `user`; None: the system.
    pub actor: Option<RecordKey>,
    pub request: Option<String>,
    pub record: RecordId,
    pub action: Action,
}

/// Where the transactions are found.
enum Source {
    OfEntity(i64),
    OfActor(i64),
    All,
}

pub(crate) async fn activity(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    table: Option<TableId>,
    query: &ActivityQuery,
    may_read: MayRead<'_>,
) -> Result<Found<Activity>> {
    let Moment { head, .. } = Moment::newest(&mut *connection, namespace).await?;
    let mut page = Activity { entries: Vec::new(), next: None };
    let Some(source) = source(&mut *connection, namespace, table, query).await? else {
        return Ok(Found { data: page, tx: head });
    };
    let mut until = query.until.unwrap_or(Place::end_of(head)).min(Place::end_of(head));
    for look in 1.. {
        let transactions = source.transactions(&mut *connection, namespace, until, look).await?;
        let Some(oldest) = transactions.last().copied() else { break };
        let mut touched = touched(&mut *connection, namespace, table, &source, &transactions).await?;
        touched.retain(|_, record| query.actor.is_none() || record.actor == query.actor);
        let spans = spans(&mut *connection, namespace, &touched, head, may_read).await?;
        let mut entries = Vec::new();
        for ((tx, entity), record) in &touched {
            let shown = spans.get(entity).map(Vec::as_slice).unwrap_or_default();
            record.entries(*tx, until, shown, &mut entries);
        }
        entries.sort_by_key(|entry: &ActivityEntry| std::cmp::Reverse(entry.place));
        page.entries.extend(entries);
        until = Place::beginning_of(oldest);
        if page.entries.len() > query.limit {
            page.entries.truncate(query.limit);
            page.next = page.entries.last().map(|entry| entry.place);
            break;
        }
        if look >= MAX_LOOKS {
            page.next = Some(until);
            break;
        }
    }
    Ok(Found { data: page, tx: head })
}

/// None where what is asked for was never named.
async fn source(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    table: Option<TableId>,
    query: &ActivityQuery,
) -> Result<Option<Source>> {
    if let Some(key) = &query.key {
        let Some(table) = table else { return Ok(None) };
        let entity = Entity::find(connection, namespace, table, key).await?;
        return Ok(entity.map(|entity| Source::OfEntity(entity.id)));
    }
    if query.table.is_some() && table.is_none() {
        return Ok(None);
    }
    match query.actor.as_ref().filter(|_| query.by_actor) {
        None => Ok(Some(Source::All)),
        Some(actor) => {
            let row = sqlx::query(
                "
                select e.id
                from ddb.entity e
                join ddb.data_table t on t.namespace = e.namespace and t.id = e.table_id
                where e.namespace = $1 and t.name = 'user' and e.key = $2
                ",
            )
            .bind(namespace.0)
            .bind(sort_key::encode_record_key(actor)?)
            .fetch_optional(connection)
            .await
            .map_err(to_error)?;
            row.map(|row| row.try_get(0).map(Source::OfActor).map_err(to_error)).transpose()
        }
    }
}

impl Source {
    /// Transactions of the nth look. The facts of neighbours are found by one search of the BRIN index (1,000 in 1 ms of a million), those of scattered ones by
    /// one each (64 in 60 ms); what is rare among neighbours is looked for in larger steps.
    fn batch(&self, look: usize) -> i64 {
        match self {
            Self::OfActor(_) => 64,
            Self::OfEntity(_) => 500,
            Self::All => 250 << look.min(6) >> 1,
        }
    }

    /// The newest transactions with facts before a place, the newest first.
    async fn transactions(
        &self,
        connection: &mut PgConnection,
        namespace: NamespaceId,
        until: Place,
        look: usize,
    ) -> Result<Vec<Tx>> {
        let newest = if until.position > 0 { until.tx.0 } else { until.tx.0 - 1 };
        let (statement, subject) = match self {
            Self::OfEntity(entity) => (
                "
                select distinct f.tx
                from ddb.attribute a
                cross join lateral (
                    select tx
                    from ddb.triple
                    where namespace = $1 and entity = $4 and attribute = a.id and tx <= $2
                    order by tx desc
                    limit $3
                ) f
                where a.namespace = $1
                  and a.table_id in (0, (select table_id from ddb.entity where namespace = $1 and id = $4))
                order by f.tx desc
                limit $3
                ",
                *entity,
            ),
            Self::OfActor(actor) => {
                ("select tx from ddb.tx where namespace = $1 and tx <= $2 and actor = $4 order by tx desc limit $3", *actor)
            }
            Self::All => ("select tx from ddb.tx where namespace = $1 and tx <= $2 and $4 = 0 order by tx desc limit $3", 0),
        };
        let rows = sqlx::query(statement)
            .bind(namespace.0)
            .bind(newest)
            .bind(self.batch(look))
            .bind(subject)
            .fetch_all(connection)
            .await
            .map_err(to_error)?;
        rows.iter().map(|row| row.try_get(0).map(Tx).map_err(to_error)).collect()
    }
}

/// A record as a transaction touched it.
struct Touched {
    record: RecordId,
    time: Timestamp,
    actor: Option<RecordKey>,
    request: Option<String>,
    /// Where the first fact of each kind stands.
    created: Option<i32>,
    changed: Option<i32>,
    deleted: Option<i32>,
}

/// The records that transactions touch, by transaction and entity.
async fn touched(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    table: Option<TableId>,
    source: &Source,
    transactions: &[Tx],
) -> Result<BTreeMap<(Tx, i64), Touched>> {
    let (which, subject) = match source {
        Source::OfEntity(entity) => ("f.entity = $5 and f.tx between $2[array_upper($2, 1)] and $2[1]", *entity),
        Source::OfActor(_) => ("f.tx = any($2) and $5 = 0", 0),
        Source::All => ("f.tx between $2[array_upper($2, 1)] and $2[1] and $5 = 0", 0),
    };
    let statement = format!(
        "select x.*, d.name, e.key, t.time, t.request_id, w.key
         from (
             select f.tx, f.entity,
                    min(f.position) filter (where f.attribute = $4 and f.asserted) as created,
                    min(f.position) filter (where f.attribute <> $4) as changed,
                    min(f.position) filter (where f.attribute = $4 and not f.asserted) as deleted
             from ddb.triple f
             where f.namespace = $1 and {which} and ($3::int is null or f.table_id = $3)
             group by f.tx, f.entity
         ) x
         join ddb.entity e on e.namespace = $1 and e.id = x.entity and e.key is not null
         join ddb.data_table d on d.namespace = $1 and d.id = e.table_id
         join ddb.tx t on t.namespace = $1 and t.tx = x.tx
         left join ddb.entity w on w.namespace = $1 and w.id = t.actor"
    );
    // The newest first.
    let numbers: Vec<i64> = transactions.iter().map(|tx| tx.0).collect();
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(namespace.0)
        .bind(numbers)
        .bind(table.map(|table| table.0))
        .bind(attribute::EXISTS.0)
        .bind(subject)
        .fetch_all(connection)
        .await
        .map_err(to_error)?;
    let mut touched = BTreeMap::new();
    for row in &rows {
        let table = TableName::parse(row.try_get(5).map_err(to_error)?)?;
        let key = projection::decode_key(row.try_get(6).map_err(to_error)?)?;
        let actor: Option<&[u8]> = row.try_get(9).map_err(to_error)?;
        let record = Touched {
            record: RecordId::new(table, key),
            time: Timestamp(row.try_get(7).map_err(to_error)?),
            actor: actor.map(projection::decode_key).transpose()?,
            request: row.try_get(8).map_err(to_error)?,
            created: row.try_get(2).map_err(to_error)?,
            changed: row.try_get(3).map_err(to_error)?,
            deleted: row.try_get(4).map_err(to_error)?,
        };
        touched.insert((Tx(row.try_get(0).map_err(to_error)?), row.try_get(1).map_err(to_error)?), record);
    }
    Ok(touched)
}

async fn spans(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    touched: &BTreeMap<(Tx, i64), Touched>,
    head: Tx,
    may_read: MayRead<'_>,
) -> Result<HashMap<i64, Vec<Span>>> {
    let mut entities: Vec<i64> = touched.keys().map(|(_, entity)| *entity).collect();
    entities.sort_unstable();
    entities.dedup();
    let lives = Lives::load(connection, namespace, &entities, head).await?;
    Ok(lives.into_iter().map(|(entity, lives)| (entity, lives.spans(head, may_read))).collect())
}

impl Touched {
    /// Those of its entries before `until` that stand in what the caller may read.
    fn entries(&self, tx: Tx, until: Place, spans: &[Span], entries: &mut Vec<ActivityEntry>) {
        // What is asserted behind a creation belongs to it.
        let changed = self.changed.filter(|position| self.created.is_none_or(|created| *position < created));
        let actions = [(self.created, Action::Create), (changed, Action::Update), (self.deleted, Action::Delete)];
        for (position, action) in actions {
            let Some(place) = position.map(|position| Place { tx, position }).filter(|place| *place < until) else { continue };
            let Some(span) = spans.iter().find(|span| span.shows(place, action != Action::Delete)) else { continue };
            // To whom a record came by a change of owner, it comes into being.
            let begins = span.begin != span.life && span.begin.tx == tx && action == Action::Update;
            entries.push(ActivityEntry {
                place,
                time: self.time,
                actor: self.actor.clone(),
                request: self.request.clone(),
                record: self.record.clone(),
                action: if begins { Action::Create } else { action },
            });
        }
    }
}
