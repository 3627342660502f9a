//! The log, transaction by transaction.

use std::collections::{HashMap, HashSet};

use ddb_core::chain::{self, Hash, Leaf, TxHeader};
use ddb_core::{Error, NamespaceId, RecordId, Result, TableId, TableName, Timestamp, Tx, Uuid, attribute};
use futures::stream::{BoxStream, TryStreamExt};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::erased::Erased;
use super::noted::Logged;
use super::{Report, Scope};
use crate::connection::to_error;
use crate::job::Progress;
use crate::retention::PrunedBefore;
use crate::{catalogue, dictionary, projection};

/// Transactions that are read at a time, without their facts.
const CHUNK: i64 = 1_000;
/// Facts that PostgreSQL is asked to put in order at a time; a transaction that has more is asked for alone.
const MAX_FACTS: i64 = 100_000;

/// Walks the whole chain: no gap, every hash as computed anew from facts and names, no fact and no name outside of it. Where a value or a name is
/// missing, its commitment is hashed, and the log must say that the record was erased.
pub(super) async fn check(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    scope: Scope<'_>,
    report: &mut Report,
    progress: &Progress,
) -> Result<()> {
    let names = Names::load(connection, namespace).await?;
    let (mut previous, mut last_time) = before(connection, namespace, scope.from).await?;
    report.head = scope.from.0 - 1;
    report.head_hash = chain::to_hex(&previous);
    let expected_head = scope.expected_head.map(str::to_ascii_lowercase);
    let mut expectation_met = expected_head.as_deref() == Some(report.head_hash.as_str());
    let mut used = HashSet::new();
    let pruned = PrunedBefore::load(connection, namespace).await?;
    let mut erased = Erased::default();
    let mut logged = Logged::default();
    let mut after = report.head;
    let end = scope.to.map_or(i64::MAX, |to| to.0);
    loop {
        let transactions = transactions(connection, namespace, after, end).await?;
        let Some(last) = transactions.last() else { break };
        let until = last.tx;
        let mut facts = Facts::between(connection, namespace, after, until);
        for transaction in transactions {
            let place = format!("tx {}", transaction.tx);
            if transaction.tx != report.head + 1 {
                report.problem(&place, format!("transactions {} to {} are missing", report.head + 1, transaction.tx - 1));
            }
            if transaction.time < last_time {
                report.problem(&place, "is older than the transaction before it");
            }
            last_time = transaction.time;
            report.transactions += 1;
            progress.advance(1);
            facts.skip_before(transaction.tx, report).await?;
            let mut hashing = Hashing::of(&transaction, report, &place);
            while let Some(fact) = facts.next_of(transaction.tx).await? {
                report.facts += 1;
                used.insert(fact.attribute);
                erased.note(&fact);
                logged.note(transaction.tx, &fact);
                hashing.add(&fact, &names, report, &place);
            }
            erased.note_actor(&transaction);
            if hashing.facts == 0 && transaction.root.is_some() && !pruned.dropped.contains(&transaction.tx) {
                report.problem(&place, "its facts are missing, and no transaction says that they were dropped");
            }
            let computed = hashing.finish(&transaction, &names, previous, report, &place);
            if computed != Some(transaction.hash) {
                report.problem(&place, "its facts, names or header are not those that were hashed");
            }
            // The stored hash is taken on, so that one changed transaction is one problem and not all that follow.
            previous = transaction.hash;
            report.head = transaction.tx;
            report.head_hash = chain::to_hex(&transaction.hash);
            expectation_met |= expected_head.as_deref() == Some(report.head_hash.as_str());
        }
        after = until;
    }
    if expected_head.is_some() && !expectation_met {
        report.problem("head", "the expected transaction is not in the chain: the newest ones were cut off or rewritten");
    }
    erased.check(connection, namespace, &pruned, report).await?;
    horizons(connection, namespace, &pruned, report).await?;
    if !scope.is_whole() {
        return Ok(());
    }
    logged.check(connection, namespace, report).await?;
    // Of what was dropped nobody can tell what it was about.
    if pruned.dropped.is_empty() {
        for attribute in names.attributes.keys().filter(|id| **id >= attribute::FIRST_FIELD.0 && !used.contains(id)) {
            report.problem(format!("attribute {attribute}"), "no fact has it");
        }
    }
    let nameless = count_entities_without_facts(connection, namespace, &pruned).await?;
    if nameless > 0 {
        report.problem("names", format!("{nameless} records are named that no fact is about"));
    }
    let stray = count_stray(connection, namespace, report.head).await?;
    if stray > 0 {
        report.problem(format!("after tx {}", report.head), format!("{stray} facts have no transaction"));
    }
    Ok(())
}

/// Hash and time of the transaction before one.
async fn before(connection: &mut PgConnection, namespace: NamespaceId, tx: Tx) -> Result<(Hash, i64)> {
    let row = sqlx::query("select hash, time from ddb.tx where namespace = $1 and tx = $2 - 1")
        .bind(namespace.0)
        .bind(tx.0)
        .fetch_optional(connection)
        .await
        .map_err(to_error)?;
    match row {
        Some(row) => Ok((dictionary::hash(row.try_get(0).map_err(to_error)?)?, row.try_get(1).map_err(to_error)?)),
        None => Ok((chain::GENESIS, i64::MIN)),
    }
}

pub(super) struct Transaction {
    pub(super) tx: i64,
    time: i64,
    pub(super) actor: Option<Name>,
    has_actor: bool,
    fact_count: i32,
    version: i16,
    hash: Hash,
    /// Where its facts were dropped.
    root: Option<Hash>,
}

/// The row of a name, as far as it is there.
pub(super) struct Name {
    pub(super) entity: i64,
    table: i32,
    pub(super) key: Option<Vec<u8>>,
    salt: Option<Vec<u8>>,
    commitment: Option<Vec<u8>>,
}

pub(super) struct Fact {
    position: i32,
    table: i32,
    pub(super) entity: Name,
    pub(super) attribute: i32,
    pub(super) asserted: bool,
    pub(super) value: Option<Vec<u8>>,
    salt: Option<Vec<u8>>,
    pub(super) commitment: Option<Vec<u8>>,
}

/// What the dictionaries say, apart from the entities, which come along with the facts.
struct Names {
    namespace: Uuid,
    tables: HashMap<i32, TableName>,
    attributes: HashMap<i32, Hash>,
}

impl Names {
    async fn load(connection: &mut PgConnection, namespace: NamespaceId) -> Result<Self> {
        let row = sqlx::query("select uuid::text from ddb.namespace where id = $1")
            .bind(namespace.0)
            .fetch_one(&mut *connection)
            .await
            .map_err(to_error)?;
        let uuid: &str = row.try_get(0).map_err(to_error)?;
        let uuid = Uuid::parse_str(uuid).map_err(Error::internal)?;
        let tables = catalogue::all_tables(connection, namespace).await?;
        let tables: HashMap<i32, TableName> = tables.into_iter().map(|(id, name)| (id.0, name)).collect();
        let rows = sqlx::query("select id, table_id, name, salt from ddb.attribute where namespace = $1")
            .bind(namespace.0)
            .fetch_all(connection)
            .await
            .map_err(to_error)?;
        let mut attributes = HashMap::with_capacity(rows.len());
        for row in rows {
            let table: i32 = row.try_get(1).map_err(to_error)?;
            let table = tables.get(&table).map(TableName::as_str).unwrap_or_default();
            let name: Option<&str> = row.try_get(2).map_err(to_error)?;
            let salt: Option<&[u8]> = row.try_get(3).map_err(to_error)?;
            let commitment = match (name, salt) {
                (Some(name), Some(salt)) => dictionary::attribute_commitment(&dictionary::salt(salt)?, table, name),
                _ => continue,
            };
            attributes.insert(row.try_get(0).map_err(to_error)?, commitment);
        }
        Ok(Self { namespace: uuid, tables, attributes })
    }

    fn entity(&self, name: &Name) -> Option<Hash> {
        match (&name.key, &name.salt, &name.commitment) {
            (Some(key), Some(salt), _) => {
                let table = self.tables.get(&name.table)?.clone();
                let key = projection::decode_key(key).ok()?;
                Some(dictionary::entity_commitment(&dictionary::salt(salt).ok()?, &RecordId { table, key }))
            }
            (None, None, Some(commitment)) => dictionary::hash(commitment).ok(),
            _ => None,
        }
    }
}

/// The hash that a transaction must have, made from its facts as they arrive: of each only the leaf is kept.
struct Hashing {
    leaves: Vec<Hash>,
    facts: usize,
    /// Nothing was missing so far.
    is_whole: bool,
}

impl Hashing {
    fn of(transaction: &Transaction, report: &mut Report, place: &str) -> Self {
        let is_known = transaction.version == i16::from(chain::VERSION);
        if !is_known {
            report.problem(place, format!("has format version {}, which this program does not know", transaction.version));
        }
        Self { leaves: Vec::new(), facts: 0, is_whole: is_known }
    }

    fn add(&mut self, fact: &Fact, names: &Names, report: &mut Report, place: &str) {
        let index = self.facts;
        self.facts += 1;
        if !self.is_whole {
            return;
        }
        if fact.position as usize != index {
            report.problem(place, format!("position {index} is missing or doubled"));
            self.is_whole = false;
            return;
        }
        if fact.table != fact.entity.table {
            report.problem(place, format!("the fact at position {index} stands under another table than its record"));
        }
        match fact.leaf(index, names) {
            Some(leaf) => self.leaves.push(leaf),
            None => self.is_whole = false,
        }
    }

    /// None where something that the hash needs is missing.
    fn finish(self, transaction: &Transaction, names: &Names, previous: Hash, report: &mut Report, place: &str) -> Option<Hash> {
        let dropped = transaction.root.filter(|_| self.facts == 0);
        if dropped.is_none() && self.facts as i64 != i64::from(transaction.fact_count) {
            report.problem(place, format!("has {} facts and not {}", self.facts, transaction.fact_count));
        }
        if !self.is_whole {
            return None;
        }
        let actor = match (&transaction.actor, transaction.has_actor) {
            (_, false) => [0; 64],
            (Some(actor), true) => names.entity(actor)?,
            (None, true) => return None,
        };
        let header = TxHeader {
            namespace: names.namespace,
            tx: Tx(transaction.tx),
            previous: &previous,
            time: Timestamp(transaction.time),
            actor_name: &actor,
            leaf_count: match dropped {
                Some(_) => transaction.fact_count.unsigned_abs(),
                None => self.leaves.len() as u32,
            },
            root: &dropped.unwrap_or_else(|| chain::merkle_root(&self.leaves)),
        };
        Some(header.hash())
    }
}

impl Fact {
    fn leaf(&self, position: usize, names: &Names) -> Option<Hash> {
        let leaf = Leaf {
            position: position as u32,
            entity_name: &names.entity(&self.entity)?,
            attribute_name: names.attributes.get(&self.attribute)?,
            asserted: self.asserted,
            commitment: &self.commitment()?,
        };
        Some(leaf.hash())
    }

    fn commitment(&self) -> Option<Hash> {
        match (self.asserted, &self.value, &self.salt, &self.commitment) {
            (false, None, None, None) => Some(chain::NOTHING),
            // It is superseded.
            (false, None, None, Some(commitment)) if commitment[..] == chain::NOTHING => Some(chain::NOTHING),
            (true, Some(value), Some(salt), _) => Some(chain::commitment(&dictionary::salt(salt).ok()?, value)),
            (true, None, None, Some(commitment)) => dictionary::hash(commitment).ok(),
            _ => None,
        }
    }
}

/// The next transactions, as many as have no more than [`MAX_FACTS`] by their own account.
async fn transactions(connection: &mut PgConnection, namespace: NamespaceId, after: i64, end: i64) -> Result<Vec<Transaction>> {
    let rows = sqlx::query(
        "
        select t.tx, t.time, t.actor, t.fact_count, t.version, t.hash, e.id, e.table_id, e.key, e.salt, e.commitment, t.root
        from ddb.tx t
        left join ddb.entity e on e.namespace = t.namespace and e.id = t.actor
        where t.namespace = $1 and t.tx > $2 and t.tx <= $4
        order by t.tx
        limit $3
        ",
    )
    .bind(namespace.0)
    .bind(after)
    .bind(CHUNK)
    .bind(end)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    let mut transactions = Vec::with_capacity(rows.len());
    let mut facts = 0;
    for row in &rows {
        let transaction = transaction(row).map_err(to_error)?;
        facts += i64::from(transaction.fact_count);
        if facts > MAX_FACTS && !transactions.is_empty() {
            break;
        }
        transactions.push(transaction);
    }
    Ok(transactions)
}

fn transaction(row: &PgRow) -> Result<Transaction, sqlx::Error> {
    let hash: Vec<u8> = row.try_get(5)?;
    // A hash of another length was not written by any version: it cannot match.
    let hash = dictionary::hash(&hash).unwrap_or([0xff; 64]);
    let root: Option<Vec<u8>> = row.try_get(11)?;
    Ok(Transaction {
        tx: row.try_get(0)?,
        time: row.try_get(1)?,
        has_actor: row.try_get::<Option<i64>, _>(2)?.is_some(),
        fact_count: row.try_get(3)?,
        version: row.try_get(4)?,
        hash,
        root: root.map(|root| dictionary::hash(&root).unwrap_or([0xff; 64])),
        actor: name(row, 6)?,
    })
}

fn name(row: &PgRow, first: usize) -> Result<Option<Name>, sqlx::Error> {
    let Some(entity) = row.try_get(first)? else { return Ok(None) };
    Ok(Some(Name {
        entity,
        table: row.try_get(first + 1)?,
        key: row.try_get(first + 2)?,
        salt: row.try_get(first + 3)?,
        commitment: row.try_get(first + 4)?,
    }))
}

/// The facts of some transactions in their order, one at a time.
struct Facts<'c> {
    rows: BoxStream<'c, Result<PgRow, sqlx::Error>>,
    /// Read already, and not handed on yet.
    ahead: Option<(i64, Fact)>,
}

impl<'c> Facts<'c> {
    fn between(connection: &'c mut PgConnection, namespace: NamespaceId, after: i64, until: i64) -> Self {
        let rows = sqlx::query(
            "
            select f.tx, f.position, f.table_id, f.attribute, f.asserted, f.value, f.salt, f.commitment,
                   e.id, e.table_id, e.key, e.salt, e.commitment
            from ddb.triple f
            left join ddb.entity e on e.namespace = f.namespace and e.id = f.entity
            where f.namespace = $1 and f.tx > $2 and f.tx <= $3
            order by f.tx, f.position
            ",
        )
        .bind(namespace.0)
        .bind(after)
        .bind(until)
        .fetch(connection);
        Self { rows, ahead: None }
    }

    /// The next fact of the transaction.
    async fn next_of(&mut self, tx: i64) -> Result<Option<Fact>> {
        self.next_if(|of| of == tx).await.map(|fact| fact.map(|(_, fact)| fact))
    }

    /// What is there before the transaction belongs to none.
    async fn skip_before(&mut self, tx: i64, report: &mut Report) -> Result<()> {
        let mut told = None;
        while let Some((of, _)) = self.next_if(|of| of < tx).await? {
            if told != Some(of) {
                report.problem(format!("tx {of}"), "has facts but no transaction");
                told = Some(of);
            }
        }
        Ok(())
    }

    async fn next_if(&mut self, is_wanted: impl Fn(i64) -> bool) -> Result<Option<(i64, Fact)>> {
        if self.ahead.is_none() {
            let row = self.rows.try_next().await.map_err(to_error)?;
            self.ahead = row.as_ref().map(fact).transpose().map_err(to_error)?;
        }
        Ok(self.ahead.take_if(|(tx, _)| is_wanted(*tx)))
    }
}

fn fact(row: &PgRow) -> Result<(i64, Fact), sqlx::Error> {
    let nameless = Name { entity: -1, table: -1, key: None, salt: None, commitment: None };
    let fact = Fact {
        position: row.try_get(1)?,
        table: row.try_get(2)?,
        attribute: row.try_get(3)?,
        asserted: row.try_get(4)?,
        value: row.try_get(5)?,
        salt: row.try_get(6)?,
        commitment: row.try_get(7)?,
        entity: name(row, 8)?.unwrap_or(nameless),
    };
    Ok((row.try_get(0)?, fact))
}

async fn count_stray(connection: &mut PgConnection, namespace: NamespaceId, head: i64) -> Result<i64> {
    let row = sqlx::query("select count(*) from ddb.triple where namespace = $1 and (tx > $2 or tx < 1)")
        .bind(namespace.0)
        .bind(head)
        .fetch_one(connection)
        .await
        .map_err(to_error)?;
    row.try_get(0).map_err(to_error)
}

/// In tables whose past is not kept, nobody can tell.
async fn count_entities_without_facts(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    pruned: &PrunedBefore,
) -> Result<i64> {
    let row = sqlx::query(
        "
        select count(*)
        from ddb.entity e
        where e.namespace = $1 and not (e.table_id = any($2))
          and not exists (select from ddb.triple f where f.namespace = e.namespace and f.entity = e.id)
        ",
    )
    .bind(namespace.0)
    .bind(pruned.horizons.keys().map(|table| table.0).collect::<Vec<_>>())
    .fetch_one(connection)
    .await
    .map_err(to_error)?;
    row.try_get(0).map_err(to_error)
}

/// From where on the past of a table can be read is what the chain says.
async fn horizons(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    pruned: &PrunedBefore,
    report: &mut Report,
) -> Result<()> {
    let rows = sqlx::query("select id, name, horizon from ddb.data_table where namespace = $1 order by id")
        .bind(namespace.0)
        .fetch_all(connection)
        .await
        .map_err(to_error)?;
    for tx in &pruned.damaged {
        report.problem(format!("tx {tx}"), "its facts about pruned values cannot be read");
    }
    let horizon = pruned.horizons.values().max().map_or(0, |horizon| horizon.0);
    if let Some(tx) = pruned.dropped.iter().find(|tx| **tx > horizon) {
        report.problem(format!("tx {tx}"), "is listed as dropped, but no table's past begins after it");
    }
    for row in &rows {
        let (table, name, horizon): (i32, &str, i64) =
            (row.try_get(0).map_err(to_error)?, row.try_get(1).map_err(to_error)?, row.try_get(2).map_err(to_error)?);
        let said = pruned.horizons.get(&TableId(table)).map_or(0, |horizon| horizon.0);
        if said != horizon {
            report.problem(name, format!("its past begins at transaction {horizon}, but the chain says {said}"));
        }
    }
    Ok(())
}
