//! A proof that some facts about a record are in the chain: a JSON document that is checked without the database.
//!
//! ```json
//! {"format":"ddb-proof-1",
//!  "record":"tasks:1",
//!  "entity":{"name":hex,"salt":hex},
//!  "actor":{"record":"user:1","name":hex,"salt":hex},
//!  "transaction":{"version":1,"namespace":"uuid","tx":5,"previous":hex,"time":1795386467000000,
//!                 "actor":hex,"leaf_count":3,"root":hex,"hash":hex},
//!  "facts":[{"position":2,"table":"tasks","field":"title","field_salt":hex,
//!            "asserted":true,"value":hex,"salt":hex,"path":[hex]}],
//!  "links":[{"version":1,"tx":6,"time":1795386468000000,"actor":hex,"leaf_count":1,"root":hex}],
//!  "head":{"tx":6,"hash":hex}}
//! ```
//!
//! Hexadecimal is lower-case. `actor` is null where the system acted; the table of a system attribute (`$exists`, `$owner`, `$expires`) is empty;
//! a retraction (`"asserted":false`) has no `value` and no `salt`. With the names of the [module above](super), to check a proof is to:
//!
//! 1. decode `entity.name` as the canonical bytes of a record id, whose plain text must be `record`; `actor.name` likewise, in the table `user`;
//! 2. compute `transaction.actor` as the name commitment of `actor` (64 zero bytes for null);
//! 3. for each fact: compute the name commitments of the entity and of part(`table`) ‖ part(`field`), the value commitment, the leaf at `position`, and
//!    from it by `path` the root of a tree of `leaf_count` leaves (RFC 6962 §2.1.1, from below), which must be `transaction.root`; there is at
//!    least one fact, and no position stands twice;
//! 4. compute the hash of the transaction, which must be `transaction.hash`;
//! 5. for each link in turn: compute its hash with the hash before it as the previous one and the same namespace; its `tx` is the next number;
//! 6. compare the last of these hashes with `head.hash`, its number with `head.tx`, and one of the hashes with the one that was noted elsewhere,
//!    without which a proof says only that it is consistent.
//!
//! What a fact says is in `value`, canonical bytes. That nothing else was said of the record is not proved.

use std::collections::HashSet;

use super::{Hash, Leaf, NOTHING, Salt, TxHeader, VERSION, from_hex, to_hex};
use crate::json::{self, Json};
use crate::{Error, Object, RecordId, Result, TableName, Timestamp, Tx, Uuid, Value, canonical, chain};

const FORMAT: &str = "ddb-proof-1";

/// Facts about one record by one transaction, and the way from them to the chain's hashes.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    pub record: RecordId,
    pub record_salt: Salt,
    /// The account that made the transaction; None: the system.
    pub actor: Option<(RecordId, Salt)>,
    pub namespace: Uuid,
    pub previous: Hash,
    pub transaction: Link,
    pub facts: Vec<ProvenFact>,
    /// The transactions behind it, in their order; none: the proof ends at its own.
    pub links: Vec<Link>,
}

/// What of a transaction is hashed, apart from what all of a chain have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub tx: Tx,
    pub time: Timestamp,
    pub actor_name: Hash,
    pub leaf_count: u32,
    pub root: Hash,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ProvenFact {
    pub position: u32,
    /// Empty for the system's attributes.
    pub table: String,
    pub field: String,
    pub field_salt: Salt,
    /// Canonical bytes and salt; None for a retraction.
    pub value: Option<(Vec<u8>, Salt)>,
    /// The hashes beside the way to the root, from below.
    pub path: Vec<Hash>,
}

/// A hash of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub tx: Tx,
    pub hash: Hash,
}

impl Link {
    pub fn hash(&self, namespace: Uuid, previous: &Hash) -> Hash {
        let Self { tx, time, actor_name, leaf_count, root } = self;
        TxHeader { namespace, tx: *tx, previous, time: *time, actor_name, leaf_count: *leaf_count, root }.hash()
    }
}

impl Proof {
    /// The hashes that the proof leads to, its own transaction's first.
    pub fn heads(&self) -> Vec<Head> {
        let mut heads = Vec::with_capacity(1 + self.links.len());
        let mut previous = self.previous;
        for link in std::iter::once(&self.transaction).chain(&self.links) {
            previous = link.hash(self.namespace, &previous);
            heads.push(Head { tx: link.tx, hash: previous });
        }
        heads
    }

    /// Checks everything but the hashes that the document names, which [`Proof::parse`] has compared. 409 where the facts are not in the transaction.
    pub fn verify(&self) -> Result<()> {
        let wrong = |what: String| Err(Error::conflict(format!("the proof is wrong: {what}")));
        let actor_name = self.actor.as_ref().map_or(NOTHING, |(id, salt)| chain::name_commitment(salt, &chain::entity_name(id)));
        if actor_name != self.transaction.actor_name {
            return wrong("the actor is not the one of the transaction".to_owned());
        }
        let entity_name = chain::name_commitment(&self.record_salt, &chain::entity_name(&self.record));
        let mut positions = HashSet::new();
        for fact in &self.facts {
            let leaf = fact.leaf(&entity_name);
            let (position, count) = (fact.position as usize, self.transaction.leaf_count as usize);
            if !chain::verify_merkle_proof(&leaf, position, count, &fact.path, &self.transaction.root) {
                return wrong(format!("the fact at position {} is not in the transaction", fact.position));
            }
            if !positions.insert(fact.position) {
                return wrong(format!("position {} stands twice", fact.position));
            }
            let is_own = fact.table.is_empty() == fact.field.starts_with('$');
            if !is_own || !(fact.table.is_empty() || fact.table == self.record.table.as_str()) {
                return wrong(format!("the field at position {} is not one of the record", fact.position));
            }
        }
        if self.facts.is_empty() {
            return wrong("it has no facts".to_owned());
        }
        let mut tx = self.transaction.tx;
        for link in &self.links {
            tx = Tx(tx.0.saturating_add(1));
            if link.tx != tx {
                return wrong(format!("transaction {tx} is missing among the links"));
            }
        }
        Ok(())
    }

    /// The document.
    pub fn to_value(&self) -> Value {
        let heads = self.heads();
        let hash = |at: Option<&Head>| at.map_or(NOTHING, |head| head.hash);
        let mut transaction = self.transaction.members();
        transaction.push(("namespace", self.namespace.to_string().as_str().into()));
        transaction.push(("previous", to_hex(&self.previous).as_str().into()));
        transaction.push(("hash", to_hex(&hash(heads.first())).as_str().into()));
        let named = |id: &RecordId, salt: &Salt| {
            vec![("name", to_hex(&chain::entity_name(id)).as_str().into()), ("salt", to_hex(salt).as_str().into())]
        };
        let actor = self.actor.as_ref().map(|(id, salt)| {
            let mut actor = named(id, salt);
            actor.push(("record", id.plain().to_string().as_str().into()));
            object(actor)
        });
        let last = heads.last();
        let head = vec![("tx", Value::Int(last.map_or(0, |head| head.tx.0))), ("hash", to_hex(&hash(last)).as_str().into())];
        object(vec![
            ("format", FORMAT.into()),
            ("record", self.record.plain().to_string().as_str().into()),
            ("entity", object(named(&self.record, &self.record_salt))),
            ("actor", actor.unwrap_or(Value::Null)),
            ("transaction", object(transaction)),
            ("facts", Value::Array(self.facts.iter().map(ProvenFact::to_value).collect())),
            ("links", Value::Array(self.links.iter().map(|link| object(link.members())).collect())),
            ("head", object(head)),
        ])
    }

    /// Reads a document. 400 if it is not a proof, 409 if its hashes do not match its content.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let document = Members::of(json::parse(text)?, "")?;
        if document.text("format")? != FORMAT {
            return Err(malformed("format"));
        }
        let entity = document.members("entity")?;
        let record = record_id(&entity, "record", &document)?;
        let actor = match document.get("actor")? {
            Json::Null => None,
            json => {
                let actor = Members::of(json.clone(), "actor")?;
                let id = record_id(&actor, "record", &actor)?;
                if id.table != TableName::user() {
                    return Err(malformed("actor.record"));
                }
                Some((id, actor.bytes("salt")?))
            }
        };
        let transaction = document.members("transaction")?;
        let namespace = transaction.text("namespace")?;
        let namespace = Uuid::parse_str(namespace).ok().filter(|uuid| uuid.to_string() == namespace);
        let namespace = namespace.ok_or_else(|| malformed("transaction.namespace"))?;
        let proof = Self {
            record,
            record_salt: entity.bytes("salt")?,
            actor,
            namespace,
            previous: transaction.bytes("previous")?,
            transaction: Link::read(&transaction)?,
            facts: document.list("facts")?.into_iter().map(|fact| ProvenFact::read(&fact)).collect::<Result<_>>()?,
            links: document.list("links")?.into_iter().map(|link| Link::read(&link)).collect::<Result<_>>()?,
        };
        let heads = proof.heads();
        let head = document.members("head")?;
        let named = Head { tx: Tx(head.int("tx")?), hash: head.bytes("hash")? };
        let own: Hash = transaction.bytes("hash")?;
        if heads.first().map(|head| head.hash) != Some(own) || heads.last() != Some(&named) {
            return Err(Error::conflict("the proof is wrong: its hashes do not match its content"));
        }
        Ok(proof)
    }
}

impl Link {
    fn members(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("version", Value::Int(i64::from(VERSION))),
            ("tx", Value::Int(self.tx.0)),
            ("time", Value::Int(self.time.0)),
            ("actor", to_hex(&self.actor_name).as_str().into()),
            ("leaf_count", Value::Int(i64::from(self.leaf_count))),
            ("root", to_hex(&self.root).as_str().into()),
        ]
    }

    fn read(members: &Members) -> Result<Self> {
        if members.int("version")? != i64::from(VERSION) {
            return Err(members.malformed("version"));
        }
        Ok(Self {
            tx: Tx(members.int("tx")?),
            time: Timestamp(members.int("time")?),
            actor_name: members.bytes("actor")?,
            leaf_count: members.number("leaf_count")?,
            root: members.bytes("root")?,
        })
    }
}

impl ProvenFact {
    fn leaf(&self, entity_name: &Hash) -> Hash {
        let attribute_name = chain::name_commitment(&self.field_salt, &chain::attribute_name(&self.table, &self.field));
        let commitment = self.value.as_ref().map_or(NOTHING, |(value, salt)| chain::commitment(salt, value));
        Leaf {
            position: self.position,
            entity_name,
            attribute_name: &attribute_name,
            asserted: self.value.is_some(),
            commitment: &commitment,
        }
        .hash()
    }

    fn to_value(&self) -> Value {
        let mut members = vec![
            ("position", Value::Int(i64::from(self.position))),
            ("table", self.table.as_str().into()),
            ("field", self.field.as_str().into()),
            ("field_salt", to_hex(&self.field_salt).as_str().into()),
            ("asserted", Value::Bool(self.value.is_some())),
            ("path", Value::Array(self.path.iter().map(|hash| to_hex(hash).as_str().into()).collect())),
        ];
        if let Some((value, salt)) = &self.value {
            members.push(("value", to_hex(value).as_str().into()));
            members.push(("salt", to_hex(salt).as_str().into()));
        }
        object(members)
    }

    fn read(members: &Members) -> Result<Self> {
        let value = match members.get("asserted")? {
            Json::Bool(true) => Some((members.hex("value")?, members.bytes("salt")?)),
            Json::Bool(false) => None,
            _ => return Err(members.malformed("asserted")),
        };
        if let Some((value, _)) = &value {
            canonical::decode(value).map_err(|_| members.malformed("value"))?;
        }
        let Json::Array(path) = members.get("path")? else { return Err(members.malformed("path")) };
        let hash = |json: &Json| match json {
            Json::String(text) => from_hex(text).and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| members.malformed("path")),
            _ => Err(members.malformed("path")),
        };
        Ok(Self {
            position: members.number("position")?,
            table: members.text("table")?.to_owned(),
            field: members.text("field")?.to_owned(),
            field_salt: members.bytes("field_salt")?,
            value,
            path: path.iter().map(hash).collect::<Result<_>>()?,
        })
    }
}

/// The record whose canonical bytes are the `name`, if its text is the member of the document that shows it.
fn record_id(named: &Members, shown: &str, shown_in: &Members) -> Result<RecordId> {
    let name = named.hex("name")?;
    let Ok(Value::Record(id)) = canonical::decode(&name) else { return Err(named.malformed("name")) };
    let text = shown_in.text(shown)?;
    // Versions before 2026-12 wrote ids literally.
    if text != id.plain().to_string() && text != id.literal().to_string() {
        return Err(Error::conflict("the proof is wrong: the text of a record id does not match its canonical bytes"));
    }
    Ok(*id)
}

/// An object of the document and where it stands.
struct Members {
    place: String,
    members: Vec<(String, Json)>,
}

impl Members {
    fn of(json: Json, place: &str) -> Result<Self> {
        match json {
            Json::Object(members) => Ok(Self { place: place.to_owned(), members }),
            _ => Err(malformed(place)),
        }
    }

    fn get(&self, name: &str) -> Result<&Json> {
        self.members.iter().find_map(|(known, json)| (known == name).then_some(json)).ok_or_else(|| self.malformed(name))
    }

    fn members(&self, name: &str) -> Result<Self> {
        Self::of(self.get(name)?.clone(), &self.path(name))
    }

    fn list(&self, name: &str) -> Result<Vec<Self>> {
        let Json::Array(items) = self.get(name)? else { return Err(self.malformed(name)) };
        let place = |index| format!("{}[{index}]", self.path(name));
        items.iter().enumerate().map(|(index, item)| Self::of(item.clone(), &place(index))).collect()
    }

    fn text(&self, name: &str) -> Result<&str> {
        match self.get(name)? {
            Json::String(text) => Ok(text),
            _ => Err(self.malformed(name)),
        }
    }

    fn int(&self, name: &str) -> Result<i64> {
        match self.get(name)? {
            Json::Int(int) => Ok(*int),
            _ => Err(self.malformed(name)),
        }
    }

    fn number(&self, name: &str) -> Result<u32> {
        self.int(name)?.try_into().map_err(|_| self.malformed(name))
    }

    fn hex(&self, name: &str) -> Result<Vec<u8>> {
        from_hex(self.text(name)?).ok_or_else(|| self.malformed(name))
    }

    fn bytes<const LENGTH: usize>(&self, name: &str) -> Result<[u8; LENGTH]> {
        self.hex(name)?.try_into().map_err(|_| self.malformed(name))
    }

    fn path(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    fn malformed(&self, name: &str) -> Error {
        malformed(&self.path(name))
    }
}

fn malformed(place: &str) -> Error {
    let place = if place.is_empty() { "the document" } else { place };
    Error::bad_request(format!(
        "this document is not a proof that this version can read: `{place}` is missing or has another form"
    ))
}

fn object(members: Vec<(&'static str, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Object>())
}
