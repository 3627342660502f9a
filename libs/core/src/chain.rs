//! The audit chain: commitments, leaves, the Merkle tree of a transaction (RFC 6962) and the hash that links it to the one before. DESIGN "Audit, erasure, retention"; frozen by golden files.
use crate::{Timestamp, Tx, Uuid};

/// The format of leaves and transaction hashes that this version writes.
pub const VERSION: u8 = 1;

pub type Hash = [u8; 64];
pub type Salt = [u8; 16];

/// The hash before the first transaction.
pub const GENESIS: Hash = [0; 64];

/// HMAC-SHA-512(salt, bytes): of a fact's canonical value, or of a name.
pub fn commitment(salt: &Salt, bytes: &[u8]) -> Hash {
    let _ = (salt, bytes);
    todo!()
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
        todo!()
    }
}

/// The root over leaf hashes in the order of their positions.
pub fn merkle_root(leaves: &[Hash]) -> Hash {
    let _ = leaves;
    todo!()
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
        todo!()
    }
}
