//! The versions of a record.

use std::collections::{BTreeMap, HashMap};

use ddb_core::{
    AttributeId, Datetime, Error, NamespaceId, RecordId, RecordKey, Result, TableId, TableName, Timestamp, Tx, Value, attribute,
};
use sqlx::{PgConnection, Row};

use super::lives::{Lives, Span};
use super::moment::{Entity, Moment};
use super::{MayRead, Place, facts};
use crate::connection::to_error;
use crate::fold::{self, Fact, Folded};
use crate::read::Found;
use crate::{projection, retention};

/// Transactions that are read at a time: a value has up to 1 MB.
const BATCH: usize = 32;
/// A page ends early behind the batch that takes it beyond this many bytes of values.
const PAGE_BYTES: usize = 4 << 20;
/// How often a page is read while the horizon moves on.
const ATTEMPTS: usize = 3;

/// A page of a record's history, the newest version first.
#[derive(Debug, Clone)]
pub struct Versions {
    pub versions: Vec<Version>,
    /// Whether there are older ones.
    pub has_more: bool,
    /// The transaction that the record's past is known from, where something came before it.
    pub horizon: Option<Tx>,
}

/// What one transaction made of a record.
#[derive(Debug, Clone)]
pub struct Version {
    /// Of its first fact: the page behind this version holds what stands before it.
    pub place: Place,
    pub time: Timestamp,
    /// The key of the account's record in the table `user`; None: the system.
    pub actor: Option<RecordKey>,
    pub request: Option<String>,
    pub action: Action,
    /// By field; `_owner` and `_expires` are the system's.
    pub changes: BTreeMap<String, FieldChange>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Create,
    Update,
    Delete,
}

/// None: the field is absent.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// The versions that the caller may read, as far as they stand before `until`; None where the record does not exist for him. `limit` is at least 1.
pub(crate) async fn history(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    table: TableId,
    key: &RecordKey,
    (until, limit): (Option<Place>, usize),
    may_read: MayRead<'_>,
) -> Result<Found<Option<Versions>>> {
    let Moment { head, .. } = Moment::newest(&mut *connection, namespace).await?;
    let nothing = Found { data: None, tx: head };
    let Some(entity) = Entity::find(&mut *connection, namespace, table, key).await? else { return Ok(nothing) };
    let spans = Lives::of(&mut *connection, namespace, entity.id, head).await?.spans(head, may_read);
    if spans.is_empty() {
        return Ok(nothing);
    }
    // The horizon may move on meanwhile, and what was read then be part of what is behind it.
    for _ in 0..ATTEMPTS {
        let horizon = retention::horizon(&mut *connection, namespace, table).await?;
        let page = page(&mut *connection, &entity, &spans, horizon, until.unwrap_or(Place::end_of(head)), limit).await;
        if retention::horizon(&mut *connection, namespace, table).await? == horizon {
            let mut page = page?;
            name_authors(connection, namespace, &mut page.versions).await?;
            return Ok(Found { data: Some(page), tx: head });
        }
    }
    Err(Error::unavailable("the past of the table is being pruned"))
}

/// The versions behind the horizon, as far as they stand before `until`.
async fn page(
    connection: &mut PgConnection,
    entity: &Entity,
    spans: &[Span],
    horizon: Tx,
    until: Place,
    limit: usize,
) -> Result<Versions> {
    let floor = if horizon > Tx(0) { Place::end_of(horizon) } else { Place::beginning_of(Tx(0)) };
    let begin = spans.last().map_or(floor, |oldest| oldest.begin.max(floor));
    let is_pruned = spans.iter().any(|span| span.begin < floor);
    let mut page = Versions { versions: Vec::new(), has_more: false, horizon: is_pruned.then_some(horizon) };
    let mut bytes = 0;
    for span in spans.iter().copied() {
        let from = span.begin.max(floor);
        let mut until = until.min(span.until);
        while from < until {
            if page.versions.len() >= limit || bytes >= PAGE_BYTES {
                page.has_more = true;
                break;
            }
            let missing = limit - page.versions.len();
            let batch = Batch { entity, span, from, until, limit: BATCH.min(missing) };
            let Some(read) = batch.read(&mut *connection).await? else { break };
            until = read.begin;
            bytes += read.bytes;
            page.has_more = read.versions.len() > missing || until > begin;
            page.versions.extend(read.versions.into_iter().rev().take(missing));
        }
    }
    if page.has_more && is_pruned {
        page.has_more = has_versions(connection, entity, spans, floor, until.min(page.end())).await?;
    }
    Ok(page)
}

/// Whether there are versions between two places. Where the past begins with a horizon, no place tells.
async fn has_versions(
    connection: &mut PgConnection,
    entity: &Entity,
    spans: &[Span],
    floor: Place,
    until: Place,
) -> Result<bool> {
    for span in spans {
        let (from, until) = (span.begin.max(floor), span.until.min(until));
        if from < until && facts::newest_transaction(&mut *connection, entity, from, until).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Versions {
    /// Where its oldest version begins.
    fn end(&self) -> Place {
        self.versions.last().map_or(Place::end_of(Tx(i64::MAX)), |version| version.place)
    }
}

/// The newest versions of a span before a place.
struct Batch<'a> {
    entity: &'a Entity,
    span: Span,
    /// Where what may be told of the span begins.
    from: Place,
    until: Place,
    /// Transactions, each of which makes one version, or two where it deletes what it changed.
    limit: usize,
}

/// In the order of the log.
struct BatchOfVersions {
    begin: Place,
    versions: Vec<Version>,
    bytes: usize,
}

impl Batch<'_> {
    /// None where there are none.
    async fn read(&self, connection: &mut PgConnection) -> Result<Option<BatchOfVersions>> {
        let Self { entity, span, from, until, limit } = *self;
        let transactions = facts::transactions(&mut *connection, entity, from, until, limit).await?;
        let Some(oldest) = transactions.last() else { return Ok(None) };
        let begin = Place::beginning_of(*oldest).max(from);
        let earlier = facts::newest(&mut *connection, entity, span.life, begin).await?;
        let facts = facts::between(connection, entity, begin, until).await?;
        let bytes = earlier.iter().chain(&facts).filter_map(|fact| fact.value.as_ref()).map(Vec::len).sum();
        let mut state = None;
        for fact in &earlier {
            fold::apply(&mut state, fact, &entity.names)?;
        }
        let mut versions = Vec::new();
        for (index, facts) in facts.chunk_by(is_one_version).enumerate() {
            let action = match facts[0].attribute == attribute::EXISTS && !facts[0].asserted {
                true => Action::Delete,
                // With the first version of his span the record comes into being for the caller: what was before is not his to read.
                false if index == 0 && begin == span.begin => Action::Create,
                false => Action::Update,
            };
            versions.push(version(facts, action, &mut state, &entity.names)?);
        }
        Ok(Some(BatchOfVersions { begin, versions, bytes }))
    }
}

/// A transaction's facts about a record are one version, but a deletion is one of its own, and so is what comes into being behind it.
fn is_one_version(fact: &Fact, next: &Fact) -> bool {
    fact.place.tx == next.place.tx && next.attribute != attribute::EXISTS
}

/// Applies the facts to the state and says what they changed of it.
fn version(facts: &[Fact], action: Action, state: &mut Option<Folded>, names: &HashMap<AttributeId, String>) -> Result<Version> {
    let touched = match action {
        Action::Create => None,
        Action::Update => Some(facts.iter().map(|fact| fact.attribute).collect::<Vec<_>>()),
        Action::Delete => None,
    };
    let before = match action {
        Action::Create => BTreeMap::new(),
        Action::Update | Action::Delete => shown(state.as_ref(), touched.as_deref(), names),
    };
    for fact in facts {
        fold::apply(state, fact, names)?;
    }
    let mut changes: BTreeMap<String, FieldChange> =
        before.into_iter().map(|(name, value)| (name, FieldChange { before: Some(value), after: None })).collect();
    for (name, value) in shown(state.as_ref(), touched.as_deref(), names) {
        changes.entry(name).or_insert(FieldChange { before: None, after: None }).after = Some(value);
    }
    changes.retain(|_, change| !change.is_none());
    Ok(Version { place: facts[0].place, time: facts[0].time, actor: None, request: None, action, changes })
}

impl FieldChange {
    fn is_none(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => before.identical(after),
            (before, after) => before.is_none() && after.is_none(),
        }
    }
}

/// A state by the names under which it is shown: those of some attributes, or all.
fn shown(
    state: Option<&Folded>,
    attributes: Option<&[AttributeId]>,
    names: &HashMap<AttributeId, String>,
) -> BTreeMap<String, Value> {
    let Some(state) = state else { return BTreeMap::new() };
    let wanted = |id: AttributeId| attributes.is_none_or(|attributes| attributes.contains(&id));
    let mut shown: BTreeMap<String, Value> = match attributes {
        None => state.fields.clone().into_iter().collect(),
        Some(attributes) => attributes
            .iter()
            .filter(|id| **id >= attribute::FIRST_FIELD)
            .filter_map(|id| state.fields.get_key_value(names.get(id)?))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    };
    if wanted(attribute::OWNER) {
        let owner = state.owner.as_ref().map(|key| RecordId::new(TableName::user(), key.clone()).into());
        shown.insert("_owner".to_owned(), owner.unwrap_or(Value::Null));
    }
    if let Some(expires) = state.expires.filter(|_| wanted(attribute::EXPIRES)) {
        shown.insert("_expires".to_owned(), Value::Datetime(Datetime::from_timestamp(expires)));
    }
    shown
}

/// Adds who wrote the versions, and by which request.
async fn name_authors(connection: &mut PgConnection, namespace: NamespaceId, versions: &mut [Version]) -> Result<()> {
    let transactions: Vec<i64> = versions.iter().map(|version| version.place.tx.0).collect();
    let authors = authors(connection, namespace, transactions).await?;
    for version in versions {
        if let Some((actor, request)) = authors.get(&version.place.tx) {
            version.actor.clone_from(actor);
            version.request.clone_from(request);
        }
    }
    Ok(())
}

type Author = (Option<RecordKey>, Option<String>);

async fn authors(connection: &mut PgConnection, namespace: NamespaceId, transactions: Vec<i64>) -> Result<HashMap<Tx, Author>> {
    let rows = sqlx::query(
        "
        select t.tx, t.request_id, e.key
        from ddb.tx t
        left join ddb.entity e on e.namespace = t.namespace and e.id = t.actor
        where t.namespace = $1 and t.tx = any($2)
        ",
    )
    .bind(namespace.0)
    .bind(transactions)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    let mut authors = HashMap::with_capacity(rows.len());
    for row in &rows {
        let key: Option<Vec<u8>> = row.try_get(2).map_err(to_error)?;
        let actor = key.as_deref().map(projection::decode_key).transpose()?;
        authors.insert(Tx(row.try_get(0).map_err(to_error)?), (actor, row.try_get(1).map_err(to_error)?));
    }
    Ok(authors)
}
