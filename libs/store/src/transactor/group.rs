//! A group of writes, evaluated in order in memory against what was read under the lock.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};

use ddb_core::chain::{self, Hash, Leaf, Salt, TxHeader};
use ddb_core::{AttributeId, EntityId, Error, RecordId, RecordKey, Result, TableId, TableName, Timestamp, Tx};

use super::additions::{self, Additions, Author, NewTable, Tables};
use super::facts::{self, NewAttribute, NewFact};
use super::holdings::{Held, Replaced};
use super::queue::Pending;
use super::rows::Rows;
use super::slots::{Entity, Slots};
use super::{Change, Current, Outcome, OwnTimes, Refused, Write, Written};
use crate::changes::LogHead;
use crate::dictionary::{self, Attribute, Attributes};
use crate::index::{Claiming, Claims, Indexed, Indexes, Taken};
use crate::kept::{Kept, KeptKey};
use crate::namespace::Namespace;
use crate::quota::Usages;
use crate::system::NewErasure;
use crate::{Record, SystemRow, record};

/// Where the log stands under the lock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) tx: Tx,
    pub(super) hash: Hash,
    pub(super) newest_entity: i64,
    /// Not before the time of the head.
    pub(super) now: Timestamp,
}

impl Head {
    pub(super) fn log(&self) -> LogHead {
        LogHead { tx: self.tx, hash: self.hash }
    }
}

/// What the system's relations hold of what a group is about, and what its writes have added.
#[derive(Clone)]
pub(super) struct SystemRows {
    /// Addresses that accounts have.
    pub(super) taken_emails: HashSet<String>,
    /// Requests that were carried out.
    pub(super) kept: HashMap<KeptKey, Kept>,
    /// The only admin who can sign in; None where there are several, or nobody is about to go.
    pub(super) last_admin: Option<String>,
}

/// The evaluation of a group: what was read, what has changed so far, what is to be written.
pub(super) struct Evaluation<'a> {
    namespace: &'a Namespace,
    attributes: &'a Attributes,
    indexes: &'a Indexes,
    tables: &'a Tables,
    /// None where there are no limits.
    held: Option<&'a Held>,
    /// By how much the writes so far have changed what is held.
    pub(super) changed: Usages,
    pub(super) additions: Additions,
    pub(super) claims: Claims,
    pub(super) slots: Slots,
    pub(super) head: Head,
    pub(super) rows: Rows,
    /// Attributes that the group names for the first time.
    pub(super) new_attributes: HashMap<(TableId, String), Attribute>,
    newest_attribute: i32,
    system: SystemRows,
}

/// What one step does, before the write as a whole is known to succeed.
struct Effect {
    step: usize,
    slot: usize,
    record: Option<Record>,
    doc: Option<String>,
    size: usize,
    facts: Vec<NewFact>,
    /// Why the record is erased.
    erased: Option<String>,
    /// From where on the past of its table is known.
    horizon: Option<Tx>,
}

/// What the steps of one write have done so far.
struct Effects {
    in_order: Vec<Effect>,
    /// Where the latest effect on a slot stands.
    latest: HashMap<usize, usize>,
}

impl Effects {
    fn with_capacity(steps: usize) -> Self {
        Self { in_order: Vec::with_capacity(steps), latest: HashMap::with_capacity(steps) }
    }

    fn latest(&self, slot: usize) -> Option<&Effect> {
        self.latest.get(&slot).map(|index| &self.in_order[*index])
    }

    fn push(&mut self, effect: Effect) {
        self.latest.insert(effect.slot, self.in_order.len());
        self.in_order.push(effect);
    }
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(
        namespace: &'a Namespace,
        (attributes, indexes, tables, held): (&'a Attributes, &'a Indexes, &'a Tables, Option<&'a Held>),
        claims: Claims,
        slots: Slots,
        head: Head,
        system: SystemRows,
    ) -> Self {
        let newest_attribute = attributes.newest();
        Self {
            namespace,
            attributes,
            indexes,
            tables,
            held,
            changed: Usages::default(),
            additions: Additions::default(),
            claims,
            slots,
            head,
            rows: Rows::default(),
            new_attributes: HashMap::new(),
            newest_attribute,
            system,
        }
    }

    /// Evaluates one write; `places` are the slots of its steps (None: the table does not exist). An error leaves the group
    /// as it was.
    pub(super) fn evaluate(
        &mut self,
        pending: &Pending,
        actor: Option<Entity>,
        places: &[Option<usize>],
    ) -> Result<Outcome, Refused> {
        let Some(once) = &pending.once else {
            return self.write(&pending.write, actor, places).map(Outcome::Written);
        };
        let key = pending.kept_key().expect("a write that happens once has a key");
        if let Some(kept) = self.system.kept.get(&key) {
            return Ok(Outcome::Repeated(kept.answer(once)?));
        }
        let written = self.write(&pending.write, actor, places)?;
        let entities = places.iter().flatten().filter_map(|place| Some(self.slots.all[*place].entity?.id.0));
        let entities: BTreeSet<i64> = entities.collect();
        let kept = Kept::new(once, (once.answer)(&written)?, entities.into_iter().collect());
        self.system.kept.insert(key.clone(), kept.clone());
        self.rows.kept.push((key, kept));
        Ok(Outcome::Written(written))
    }

    fn write(&mut self, write: &Write, actor: Option<Entity>, places: &[Option<usize>]) -> Result<Written, Refused> {
        self.check_system_rows(write)?;
        let tx = Tx(self.head.tx.0 + 1);
        let mut effects = Effects::with_capacity(places.len());
        let mut records = Vec::with_capacity(places.len());
        let mut warnings = Vec::new();
        let author = Author { actor: write.actor.as_ref(), entity: actor, allowance: write.allowance };
        let mut bytes = 0;
        for (index, (step, place)) in write.steps.iter().zip(places).enumerate() {
            let refused = |error| Refused { step: Some(index), error };
            let before = place.and_then(|place| self.state(&effects, place));
            let live = before.filter(|record| !is_expired(record, self.head.now));
            let expired = before.filter(|record| is_expired(record, self.head.now));
            let past = place.and_then(|place| self.slots.all[place].past.as_deref());
            let size = place.map_or(0, |place| self.size(&effects, place));
            let entity = place.and_then(|place| self.slots.all[place].entity).map(|entity| entity.id);
            let own_times = self.own_times(*place, &author);
            let told = RefCell::new(Vec::new());
            let current = Current { record: live, expired, entity, past, now: self.head.now, own_times, warnings: &told };
            let change = (step.decide)(current).map_err(refused)?;
            warnings.extend(told.into_inner().into_iter().map(|warning| (index, warning)));
            let is_erased = place.is_some_and(|place| effects.latest(place).is_some_and(|effect| effect.erased.is_some()));
            let effect = match (change, place) {
                (Change::Erase { .. }, _) if is_erased => {
                    records.push(None);
                    continue;
                }
                (Change::Keep, _) | (Change::Erase { .. }, None) => {
                    bytes += size;
                    record::check_total(bytes).map_err(refused)?;
                    records.push(live.cloned());
                    continue;
                }
                (change, Some(place)) => self.effect(change, (index, *place), (live, expired, size), tx).map_err(refused)?,
                (Change::Create { .. } | Change::Update { .. } | Change::Delete | Change::Prune(_), None) => {
                    return Err(refused(Error::internal("a step changes a record of a table that does not exist")));
                }
            };
            bytes += effect.size;
            record::check_total(bytes).map_err(refused)?;
            records.push(effect.record.clone());
            effects.push(effect);
        }
        let mut effects = effects.in_order;
        effects.retain(|effect| !effect.facts.is_empty());
        let changed = effects.iter().map(|effect| effect.slot).collect::<HashSet<_>>().len();
        let new_tables = self.new_tables(write, &effects)?;
        self.check_names(&author, &effects)?;
        self.check_paths(&effects)?;
        let change = self.check_quota(write, &effects)?;
        self.claim(&effects)?;
        self.additions.tables.extend(new_tables);
        self.changed.add_all(change);
        if !effects.is_empty() {
            self.apply(write, &author, effects, tx);
        }
        for row in &write.system {
            if let SystemRow::Account(account) = row {
                self.system.taken_emails.insert(account.email.clone());
            }
            self.rows.system.push(row.clone());
        }
        Ok(Written { tx: self.head.tx, records, changed, warnings })
    }

    fn own_times(&self, place: Option<usize>, author: &Author<'_>) -> OwnTimes {
        let Some(place) = place else { return OwnTimes { created: false, updated: false } };
        let table = self.slots.all[place].table;
        let may_name = self.additions.share(self.tables, table, author).is_none();
        OwnTimes {
            created: may_name || self.attribute(table, "created").is_some(),
            updated: may_name || self.attribute(table, "updated").is_some(),
        }
    }

    /// Whether the group changes anything at all.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.tx.tx.is_empty() && self.rows.system.is_empty() && self.rows.kept.is_empty()
    }

    /// The record of a slot as the steps before have left it.
    fn state<'b>(&'b self, effects: &'b Effects, place: usize) -> Option<&'b Record> {
        match effects.latest(place) {
            Some(effect) => effect.record.as_ref(),
            None => self.slots.all[place].record.as_ref(),
        }
    }

    /// Bytes of the document of that record.
    fn size(&self, effects: &Effects, place: usize) -> usize {
        effects.latest(place).map_or(self.slots.all[place].size, |effect| effect.size)
    }

    fn effect(
        &self,
        change: Change,
        (step, slot): (usize, usize),
        (live, expired, size): (Option<&Record>, Option<&Record>, usize),
        tx: Tx,
    ) -> Result<Effect> {
        let now = self.head.now;
        let mut facts = Vec::new();
        let (mut erased, mut horizon) = (None, None);
        let (record, doc) = match (change, live) {
            (Change::Create { fields, owner, expires }, None) => {
                if expired.is_some() {
                    facts::of_delete(&mut facts);
                }
                facts::of_create(&fields, owner.as_ref(), expires, &mut facts);
                let doc = record::doc(&fields)?;
                let id = self.slots.all[slot].id.clone();
                (Some(Record { id, fields, owner, created: now, updated: now, tx, expires }), Some(doc))
            }
            (Change::Update { fields, expires }, Some(before)) => {
                facts::of_update(&before.fields, &fields, before.expires, expires, &mut facts);
                if facts.is_empty() {
                    (Some(before.clone()), None)
                } else {
                    let doc = record::doc(&fields)?;
                    (Some(Record { fields, updated: now, tx, expires, ..before.clone() }), Some(doc))
                }
            }
            (Change::Delete, before) if before.or(expired).is_some() => {
                facts::of_delete(&mut facts);
                (None, None)
            }
            (Change::Erase { reason }, before) => {
                if self.slots.all[slot].entity.is_some() {
                    if before.or(expired).is_some() {
                        facts::of_delete(&mut facts);
                    }
                    facts::of_erasure(&reason, &mut facts);
                    erased = Some(reason);
                }
                (None, None)
            }
            (Change::Prune(pruned), None) => {
                facts::of_pruning(&pruned, &mut facts);
                horizon = Some(pruned.horizon);
                (None, None)
            }
            (change, _) => return Err(Error::internal(format!("a step's change does not fit the record: {}", kind(&change)))),
        };
        let size = match (&record, &doc) {
            (_, Some(doc)) => doc.len(),
            (Some(_), None) => size,
            (None, None) => 0,
        };
        Ok(Effect { step, slot, record, doc, size, facts, erased, horizon })
    }

    fn check_system_rows(&self, write: &Write) -> Result<()> {
        for row in &write.system {
            if let SystemRow::Account(account) = row
                && self.system.taken_emails.contains(&account.email)
            {
                return Err(Error::conflict("an account with this address exists already"));
            }
            if let SystemRow::Erasure(NewErasure { account: Some(account) }) = row
                && !account.may_be_last_admin
                && self.system.last_admin.as_ref() == Some(&account.id)
            {
                return Err(Error::conflict("this is the last admin; make another one first"));
            }
        }
        Ok(())
    }

    /// 422 where the write puts a link or an array inside of an indexed path. One that stood there before the index was defined may stay until its build has
    /// failed over it.
    fn check_paths(&self, effects: &[Effect]) -> Result<(), Refused> {
        let mut seen = HashSet::new();
        // The last effect on a record is what becomes of it.
        for effect in effects.iter().rev().filter(|effect| seen.insert(effect.slot)) {
            let slot = &self.slots.all[effect.slot];
            let (Some(indexes), Some(record)) = (self.indexes.of(slot.table), &effect.record) else { continue };
            for (path, index) in indexes.nested() {
                let Err(detour) = Indexed::of(record).get(path) else { continue };
                let was_there = slot.record.as_ref().is_some_and(|before| Indexed::of(before).get(path).is_err());
                if !was_there {
                    return Err(Refused { step: Some(effect.step), error: index.detour(path, detour) });
                }
            }
        }
        Ok(())
    }

    /// Takes what the write claims in unique indexes; 409 where another record holds it.
    fn claim(&mut self, effects: &[Effect]) -> Result<(), Refused> {
        let mut claiming = Claiming::default();
        let mut seen = HashSet::new();
        for effect in effects.iter().rev() {
            let slot = &self.slots.all[effect.slot];
            let Some(indexes) = self.indexes.of(slot.table) else { continue };
            // The last effect on a record is what becomes of it.
            if seen.insert(effect.slot) {
                claiming.change(indexes, slot.table, &slot.sort_key, slot.record.as_ref(), effect.record.as_ref())?;
            }
        }
        self.claims.settle(claiming).map_err(|Taken { index, claimant: (table, key) }| {
            let is_claimant = |effect: &&Effect| {
                let slot = &self.slots.all[effect.slot];
                slot.table == table && slot.sort_key == key
            };
            let error = match self.indexes.get(index) {
                Some(index) => index.taken(),
                None => Error::conflict("a value that must be unique is taken"),
            };
            Refused { step: effects.iter().rev().find(is_claimant).map(|effect| effect.step), error }
        })
    }

    /// The tables that the write would make, each once.
    fn new_tables(&self, write: &Write, effects: &[Effect]) -> Result<Vec<(TableId, NewTable)>, Refused> {
        let mut new: Vec<(TableId, NewTable)> = Vec::new();
        for effect in effects {
            let slot = &self.slots.all[effect.slot];
            let is_made = |table| self.additions.makes(table) || new.iter().any(|(made, _)| *made == table);
            if !Slots::is_yet_to_be_made(slot.table) || is_made(slot.table) {
                continue;
            }
            let table = NewTable { name: slot.id.table.clone(), actor: write.actor.clone(), allowed: write.allowance.tables };
            self.additions.check_table(self.tables, &new, &table).map_err(|error| Refused { step: Some(effect.step), error })?;
            new.push((slot.table, table));
        }
        Ok(new)
    }

    /// By how much the write changes what is held, where that is counted.
    fn check_quota(&self, write: &Write, effects: &[Effect]) -> Result<Usages> {
        let Some(held) = self.held else { return Ok(Usages::default()) };
        let mut seen = HashSet::new();
        // The last effect on a record is what becomes of it.
        let replaced = effects.iter().rev().filter(|effect| seen.insert(effect.slot)).map(|effect| {
            let slot = &self.slots.all[effect.slot];
            // Without a document of its own, the record is as it was.
            let doc_after = effect.doc.as_deref().or(slot.doc.as_deref());
            Replaced { before: slot.record.as_ref(), doc_before: slot.doc.as_deref(), after: effect.record.as_ref(), doc_after }
        });
        held.check(write.allowance.records, &self.changed, replaced)
    }

    /// Whether the tables may have the names of fields that the write gives them for the first time.
    fn check_names(&self, author: &Author<'_>, effects: &[Effect]) -> Result<(), Refused> {
        let mut new: HashMap<TableId, HashSet<&str>> = HashMap::new();
        for effect in effects {
            let (table, name) = (self.slots.all[effect.slot].table, &self.slots.all[effect.slot].id.table);
            for fact in &effect.facts {
                let NewAttribute::Field(field) = &fact.attribute else { continue };
                if self.attribute(table, field).is_some() {
                    continue;
                }
                let of_table = new.entry(table).or_default();
                if of_table.insert(field) {
                    let share = self.additions.share(self.tables, table, author);
                    additions::check_names((table, name), of_table, share, self.attributes, &self.new_attributes)
                        .map_err(|error| Refused { step: Some(effect.step), error })?;
                }
            }
        }
        Ok(())
    }

    fn attribute(&self, table: TableId, name: &str) -> Option<Attribute> {
        self.attributes.get(table, name).or_else(|| self.new_attributes.get(&(table, name.to_owned())).copied())
    }

    /// Numbers, salts and hashes the facts of one write and moves the head on.
    fn apply(&mut self, write: &Write, author: &Author<'_>, effects: Vec<Effect>, tx: Tx) {
        let actor = author.entity;
        let mut leaves: Vec<Hash> = Vec::with_capacity(effects.iter().map(|effect| effect.facts.len()).sum());
        for effect in effects {
            let entity = self.entity(effect.slot);
            let table = self.slots.all[effect.slot].table;
            let table_name = self.slots.all[effect.slot].id.table.clone();
            for fact in effect.facts {
                let attribute = match fact.attribute {
                    NewAttribute::System(id) => self.system_attribute(id),
                    NewAttribute::Field(name) => self.intern_attribute(table, &table_name, name, author),
                };
                let position = leaves.len() as u32;
                let asserted = fact.value.is_some();
                let salt: Option<Salt> = asserted.then(dictionary::new_salt);
                let commitment = match (&salt, &fact.value) {
                    (Some(salt), Some(value)) => chain::commitment(salt, value),
                    _ => [0; 64],
                };
                let leaf = Leaf {
                    position,
                    entity_name: &entity.commitment,
                    attribute_name: &attribute.commitment,
                    asserted,
                    commitment: &commitment,
                };
                leaves.push(leaf.hash());
                let rows = &mut self.rows.triple;
                rows.tx.push(tx.0);
                rows.table.push(table.0);
                rows.entity.push(entity.id.0);
                rows.attribute.push(attribute.id.0);
                rows.position.push(position as i32);
                rows.value.push(fact.value);
                rows.salt.push(salt.map(|salt| salt.to_vec()));
            }
            if let Some(reason) = effect.erased {
                let rows = &mut self.rows.erased;
                rows.entity.push(entity.id.0);
                rows.name.push(entity.commitment.to_vec());
                rows.reason.push(reason);
                rows.tx.push(tx.0);
                let slot = &self.slots.all[effect.slot];
                rows.owner.push(is_of_erased_account(write, &slot.id).then(|| slot.sort_key.clone()));
            }
            if let Some(horizon) = effect.horizon {
                self.rows.pruned.table.push(table.0);
                self.rows.pruned.horizon.push(horizon.0);
            }
            let slot = &mut self.slots.all[effect.slot];
            slot.record = effect.record;
            slot.doc = effect.doc;
            slot.size = effect.size;
            slot.changed = true;
        }
        let hash = TxHeader {
            namespace: self.namespace.uuid,
            tx,
            previous: &self.head.hash,
            time: self.head.now,
            actor_name: &actor.map_or([0; 64], |actor| actor.commitment),
            leaf_count: leaves.len() as u32,
            root: &chain::merkle_root(&leaves),
        }
        .hash();
        self.rows.tx.tx.push(tx.0);
        self.rows.tx.actor.push(actor.map(|actor| actor.id.0));
        self.rows.tx.request.push(write.request.as_ref().map(|request| request.as_str().to_owned()));
        self.rows.tx.fact_count.push(leaves.len() as i32);
        self.rows.tx.hash.push(hash.to_vec());
        self.head.tx = tx;
        self.head.hash = hash;
    }

    /// The slot's entity, named here where it is new.
    fn entity(&mut self, slot: usize) -> Entity {
        let slot = &mut self.slots.all[slot];
        if let Some(entity) = slot.entity {
            return entity;
        }
        self.head.newest_entity += 1;
        let salt = dictionary::new_salt();
        let entity = Entity { id: EntityId(self.head.newest_entity), commitment: dictionary::entity_commitment(&salt, &slot.id) };
        slot.entity = Some(entity);
        self.rows.entity.id.push(entity.id.0);
        self.rows.entity.table.push(slot.table.0);
        self.rows.entity.key.push(slot.sort_key.clone());
        self.rows.entity.salt.push(salt.to_vec());
        entity
    }

    fn system_attribute(&self, id: AttributeId) -> Attribute {
        self.attributes.system(id).expect("the system's attributes are loaded before any write is evaluated")
    }

    fn intern_attribute(&mut self, table: TableId, table_name: &TableName, name: String, author: &Author<'_>) -> Attribute {
        if let Some(attribute) = self.attribute(table, &name) {
            return attribute;
        }
        self.newest_attribute = (self.newest_attribute + 1).max(ddb_core::attribute::FIRST_FIELD.0);
        let salt = dictionary::new_salt();
        let commitment = dictionary::attribute_commitment(&salt, table_name.as_str(), &name);
        let named_by = self.additions.share(self.tables, table, author);
        let attribute = Attribute { id: AttributeId(self.newest_attribute), commitment, named_by };
        self.rows.attribute.id.push(attribute.id.0);
        self.rows.attribute.table.push(table.0);
        self.rows.attribute.name.push(name.clone());
        self.rows.attribute.salt.push(salt.to_vec());
        self.rows.attribute.named_by.push(named_by);
        self.new_attributes.insert((table, name), attribute);
        attribute
    }
}

fn is_expired(record: &Record, now: Timestamp) -> bool {
    record.expires.is_some_and(|expires| expires <= now)
}

fn is_of_erased_account(write: &Write, record: &RecordId) -> bool {
    let key = |id: &String| RecordId::new(TableName::user(), RecordKey::String(id.clone()));
    let accounts = write.system.iter().filter_map(|row| match row {
        SystemRow::Erasure(NewErasure { account }) => account.as_ref(),
        SystemRow::Account(_) | SystemRow::Session(_) => None,
    });
    accounts.into_iter().any(|account| key(&account.id) == *record)
}

fn kind(change: &Change) -> &'static str {
    match change {
        Change::Keep => "keep",
        Change::Create { .. } => "create",
        Change::Update { .. } => "update",
        Change::Delete => "delete",
        Change::Erase { .. } => "erase",
        Change::Prune(_) => "prune",
    }
}
