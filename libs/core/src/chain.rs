//! The audit chain: what is hashed, byte for byte. Frozen by golden files.
//!
//! With this text, the facts and their salts, anyone can verify a chain or a proof offline. `H` is SHA-512, `‖` joins bytes.
//!
//! - An *integer* is 8 bytes, big-endian (two's complement); `int(x)` below.
//! - A *part* is its length in 4 bytes, big-endian, then its bytes; `part(x)` below. Hashes and commitments have 64 bytes, a uuid has 16.
//! - Every input of `H` begins with a domain byte: 0 leaf, 1 node, 2 transaction. An HMAC over a name begins with 3, over a value with the
//!   version of the canonical bytes; their keys, the salts, are 16 random bytes, a new one for each fact and each name.
//!
//! | hash | input |
//! |---|---|
//! | value commitment | HMAC-SHA-512(salt, canonical bytes of the value); 64 zero bytes for a retraction |
//! | name commitment | HMAC-SHA-512(salt, 3 ‖ name) |
//! | leaf | H(0 ‖ int(version) ‖ int(position) ‖ part(entity name commitment) ‖ part(attribute name commitment) ‖ int(kind) ‖ part(value commitment)); kind is 1 for an assertion and 0 for a retraction |
//! | node | H(1 ‖ left ‖ right), as in RFC 6962 §2.1 |
//! | root | of n leaves in the order of their positions: one leaf is its own root; of more, the node over the roots of the first k and of the others, k the largest power of two below n; of none, H of nothing |
//! | transaction | H(2 ‖ int(version) ‖ part(namespace uuid) ‖ int(tx) ‖ part(previous transaction's hash) ‖ int(time) ‖ part(actor name commitment) ‖ int(leaf count) ‖ part(root)); time in microseconds since 1970-01-01T00:00:00Z |
//!
//! The version is 1. The name of an entity is the canonical bytes of its record id ([`entity_name`]), of an attribute
//! part(table) ‖ part(field) ([`attribute_name`]; the system's attributes have an empty table). The actor is the entity of the account's record; 64 zero bytes where the system acts.
//! The previous hash of the first transaction is 64 zero bytes. A [`Proof`] is a document that leads from some facts to a transaction's hash; its
//! text says what it holds and how it is checked.
//!
mod hex;
mod merkle;
pub mod proof;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha512};

use crate::{RecordId, Timestamp, Tx, Uuid};

pub use hex::{from_hex, to_hex};
pub use merkle::{merkle_proof, merkle_root, verify_merkle_proof};
pub use proof::{Head, Link, Proof, ProvenFact};

/// The format of leaves and transaction hashes that this version writes.
pub const VERSION: u8 = 1;

pub type Hash = [u8; 64];
pub type Salt = [u8; 16];

/// The hash before the first transaction.
pub const GENESIS: Hash = [0; 64];

/// The commitment of a retraction, and the name commitment of the system as an actor.
pub const NOTHING: Hash = [0; 64];

const LEAF: u8 = 0;
const NODE: u8 = 1;
const TRANSACTION: u8 = 2;
const NAME: u8 = 3;

/// HMAC-SHA-512(salt, bytes): of a fact's canonical value.
pub fn commitment(salt: &Salt, bytes: &[u8]) -> Hash {
    mac(salt, &[bytes])
}

/// HMAC-SHA-512(salt, 3 ‖ name): of an [`entity_name`] or an [`attribute_name`].
pub fn name_commitment(salt: &Salt, name: &[u8]) -> Hash {
    mac(salt, &[&[NAME], name])
}

/// The name of an entity: the canonical bytes of its record id.
pub fn entity_name(id: &RecordId) -> Vec<u8> {
    crate::canonical::encode_record_id(id)
}

/// The name of an attribute: its table and its field, each behind its length. The system's attributes belong to no table (an empty
/// name) and are called `$exists`, `$owner`, `$expires`, `$in`, `$out` and `$erased`, as no field can be.
pub fn attribute_name(table: &str, field: &str) -> Vec<u8> {
    let mut name = Vec::with_capacity(8 + table.len() + field.len());
    for part in [table, field] {
        name.extend_from_slice(&length(part.as_bytes()));
        name.extend_from_slice(part.as_bytes());
    }
    name
}

/// What one fact contributes to the tree.
pub struct Leaf<'a> {
    /// From 0 within the transaction.
    pub position: u32,
    pub entity_name: &'a Hash,
    pub attribute_name: &'a Hash,
    pub asserted: bool,
    /// Zeros for a retraction.
    pub commitment: &'a Hash,
}

impl Leaf<'_> {
    pub fn hash(&self) -> Hash {
        Input::new(LEAF)
            .int(i64::from(VERSION))
            .int(i64::from(self.position))
            .part(self.entity_name)
            .part(self.attribute_name)
            .int(i64::from(self.asserted))
            .part(self.commitment)
            .hash()
    }
}

pub struct TxHeader<'a> {
    pub namespace: Uuid,
    pub tx: Tx,
    pub previous: &'a Hash,
    pub time: Timestamp,
    pub actor_name: &'a Hash,
    pub leaf_count: u32,
    pub root: &'a Hash,
}

impl TxHeader<'_> {
    pub fn hash(&self) -> Hash {
        Input::new(TRANSACTION)
            .int(i64::from(VERSION))
            .part(self.namespace.as_bytes())
            .int(self.tx.0)
            .part(self.previous)
            .int(self.time.0)
            .part(self.actor_name)
            .int(i64::from(self.leaf_count))
            .part(self.root)
            .hash()
    }
}

/// The input of one hash, on the stack: every leaf and transaction fits.
struct Input {
    bytes: [u8; 320],
    length: usize,
}

impl Input {
    fn new(domain: u8) -> Self {
        Self { bytes: [0; 320], length: 0 }.raw(&[domain])
    }

    fn int(self, int: i64) -> Self {
        self.raw(&int.to_be_bytes())
    }

    fn part(self, bytes: &[u8]) -> Self {
        self.raw(&length(bytes)).raw(bytes)
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
        self
    }

    fn hash(self) -> Hash {
        Sha512::digest(&self.bytes[..self.length]).into()
    }
}

fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).expect("a part is far smaller than 4 GB").to_be_bytes()
}

fn mac(salt: &Salt, parts: &[&[u8]]) -> Hash {
    let mut mac = Hmac::<Sha512>::new_from_slice(salt).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
