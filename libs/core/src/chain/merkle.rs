//! The Merkle tree of RFC 6962 §2.1, over leaf hashes.
use sha2::{Digest, Sha512};

use super::{Hash, NODE};

/// The root over leaf hashes in the order of their positions.
pub fn merkle_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha512::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&merkle_root(left), &merkle_root(right))
        }
    }
}

/// The hashes beside the way from leaf `index` to the root, from below (RFC 6962 §2.1.1); None where there is no such leaf.
pub fn merkle_proof(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut proof = Vec::new();
    let mut leaves = leaves;
    let mut index = index;
    while leaves.len() > 1 {
        let (left, right) = leaves.split_at(split(leaves.len()));
        if index < left.len() {
            proof.push(merkle_root(right));
            leaves = left;
        } else {
            proof.push(merkle_root(left));
            index -= left.len();
            leaves = right;
        }
    }
    proof.reverse();
    Some(proof)
}

/// Whether `proof` leads from leaf `index` of `count` to `root`.
pub fn verify_merkle_proof(leaf: &Hash, index: usize, count: usize, proof: &[Hash], root: &Hash) -> bool {
    index < count && count <= u32::MAX as usize && climb(leaf, index, count, proof) == Some(*root)
}

fn climb(leaf: &Hash, index: usize, count: usize, proof: &[Hash]) -> Option<Hash> {
    if count == 1 {
        return proof.is_empty().then_some(*leaf);
    }
    let (beside, below) = proof.split_last()?;
    let left = split(count);
    match index < left {
        true => Some(node(&climb(leaf, index, left, below)?, beside)),
        false => Some(node(beside, &climb(leaf, index - left, count - left, below)?)),
    }
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: usize) -> usize {
    count.next_power_of_two() / 2
}

fn node(left: &Hash, right: &Hash) -> Hash {
    let mut input = [NODE; 129];
    input[1..65].copy_from_slice(left);
    input[65..].copy_from_slice(right);
    Sha512::digest(input).into()
}
