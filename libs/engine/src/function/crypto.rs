//! Hashes of strings and bytes, as hexadecimal digits. None of these is for passwords.
use ddb_core::Value;
use sha2::Digest;

use super::{Arguments, Function, Outcome, function};
use crate::problem::Failure;

pub(super) const FUNCTIONS: &[Function] = &[
    function("crypto::blake3", 1, 1, |arguments| Ok(Value::String(blake3::hash(&input(arguments)?).to_hex().to_string()))),
    function("crypto::joaat", 1, 1, |arguments| Ok(Value::Int(joaat(&input(arguments)?).into()))),
    function("crypto::md5", 1, 1, digest::<md5::Md5>),
    function("crypto::sha1", 1, 1, digest::<sha1::Sha1>),
    function("crypto::sha256", 1, 1, digest::<sha2::Sha256>),
    function("crypto::sha512", 1, 1, digest::<sha2::Sha512>),
];

fn input(arguments: &mut Arguments<'_>) -> Result<Vec<u8>, Failure> {
    let bytes = arguments.read("a string or bytes", |value| match value {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Bytes(bytes) => Some(bytes.clone()),
        _ => None,
    })?;
    arguments.budget().use_steps(bytes.len() as u64 / 8)?;
    Ok(bytes)
}

fn digest<D: Digest>(arguments: &mut Arguments<'_>) -> Outcome {
    let digest = D::digest(input(arguments)?);
    Ok(Value::String(digest.iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// Bob Jenkins's "one at a time".
fn joaat(bytes: &[u8]) -> u32 {
    let mut hash = 0u32;
    for byte in bytes {
        hash = hash.wrapping_add(u32::from(*byte));
        hash = hash.wrapping_add(hash << 10);
        hash ^= hash >> 6;
    }
    hash = hash.wrapping_add(hash << 3);
    hash ^= hash >> 11;
    hash.wrapping_add(hash << 15)
}
