//! Mutants: leaf and node with the same domain byte; the position left out of a leaf; the kind left out; the tree split in halves;
//! the previous hash left out of a transaction.
use ddb_core::chain::{self, Hash, Leaf, TxHeader};
use ddb_core::{RecordId, Timestamp, Tx, Uuid};
use sha2::{Digest, Sha512};

fn leaf_hashes(count: u8) -> Vec<Hash> {
    (0..count).map(|number| [number; 64]).collect()
}

fn h(parts: &[&[u8]]) -> Hash {
    Sha512::digest(parts.concat()).into()
}

#[test]
fn a_commitment_is_hmac_sha_512() {
    // RFC 4231, test case 1, has a key of 20 bytes; HMAC pads short keys with zeros, so 16 bytes are checked by its definition.
    let salt = [0x0B; 16];
    let pad = |byte: u8| -> Vec<u8> { (0..128).map(|index| byte ^ if index < 16 { 0x0B } else { 0 }).collect() };
    let expected = h(&[&pad(0x5C), &h(&[&pad(0x36), b"Hi There"])]);
    assert_eq!(chain::commitment(&salt, b"Hi There"), expected);
    assert_eq!(chain::name_commitment(&salt, b"name"), chain::commitment(&salt, b"\x03name"));
}

#[test]
fn a_leaf_is_hashed_as_the_documentation_says() {
    let leaf = Leaf { position: 7, entity_name: &[1; 64], attribute_name: &[2; 64], asserted: true, commitment: &[3; 64] };
    let int = |number: u64| number.to_be_bytes();
    let length = 64u32.to_be_bytes();
    let expected = h(&[&[0], &int(1), &int(7), &length, &[1; 64], &length, &[2; 64], &int(1), &length, &[3; 64]]);
    assert_eq!(leaf.hash(), expected);
    let retracted = Leaf { asserted: false, commitment: &chain::NOTHING, ..leaf };
    let expected = h(&[&[0], &int(1), &int(7), &length, &[1; 64], &length, &[2; 64], &int(0), &length, &[0; 64]]);
    assert_eq!(retracted.hash(), expected);
}

#[test]
fn a_transaction_is_hashed_as_the_documentation_says() {
    let header = TxHeader {
        namespace: Uuid::max(),
        tx: Tx(5),
        previous: &[1; 64],
        time: Timestamp(-6),
        actor_name: &[2; 64],
        leaf_count: 7,
        root: &[3; 64],
    };
    let int = |number: i64| number.to_be_bytes();
    let (long, short) = (64u32.to_be_bytes(), 16u32.to_be_bytes());
    let expected =
        h(&[&[2], &int(1), &short, &[0xFF; 16], &int(5), &long, &[1; 64], &int(-6), &long, &[2; 64], &int(7), &long, &[3; 64]]);
    assert_eq!(header.hash(), expected);
}

#[test]
fn the_tree_is_that_of_rfc_6962() {
    let leaves = leaf_hashes(5);
    let node = |left: &Hash, right: &Hash| h(&[&[1], left, right]);
    assert_eq!(chain::merkle_root(&[]), h(&[]));
    assert_eq!(chain::merkle_root(&leaves[..1]), leaves[0]);
    let first_two = node(&leaves[0], &leaves[1]);
    assert_eq!(chain::merkle_root(&leaves[..3]), node(&first_two, &leaves[2]));
    let first_four = node(&first_two, &node(&leaves[2], &leaves[3]));
    assert_eq!(chain::merkle_root(&leaves), node(&first_four, &leaves[4]));
}

#[test]
fn proofs_verify_and_forgeries_do_not() {
    for count in 1..=33u8 {
        let leaves = leaf_hashes(count);
        let (root, count) = (chain::merkle_root(&leaves), usize::from(count));
        for index in 0..count {
            let proof = chain::merkle_proof(&leaves, index).expect("a leaf");
            let verify = |leaf: &Hash, index, count, proof: &[Hash]| chain::verify_merkle_proof(leaf, index, count, proof, &root);
            assert!(verify(&leaves[index], index, count, &proof), "{index} of {count}");
            assert!(!verify(&[0xEE; 64], index, count, &proof), "another leaf");
            assert!(!verify(&leaves[index], count, count, &proof), "beyond the leaves");
            assert!(!verify(&leaves[index], index, usize::MAX, &proof), "another count");
            assert!(!verify(&leaves[index], index, count, &[&proof[..], &[[9; 64]]].concat()), "a longer proof");
            if count > 1 {
                assert!(!verify(&leaves[index], (index + 1) % count, count, &proof), "another index");
                assert!(!verify(&leaves[index], index, count, &proof[1..]), "a shorter proof");
            }
        }
        assert!(chain::merkle_proof(&leaves, count).is_none());
    }
}

#[test]
fn names_are_unambiguous() {
    assert_eq!(chain::attribute_name("ab", "c"), b"\0\0\0\x02ab\0\0\0\x01c");
    assert_ne!(chain::attribute_name("a", "bc"), chain::attribute_name("ab", "c"));
    let id = |text| RecordId::parse(text).expect("an id");
    assert_eq!(chain::entity_name(&id("a:1")), ddb_core::canonical::encode(&id("a:1").into()));
    assert_ne!(chain::entity_name(&id("a:1")), chain::entity_name(&id("a:'1'")));
}
