//! The place in a list where the next page begins: base64url of version, list and place, and a MAC over them and the caller.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ddb_core::{Error, NamespaceId, Principal, Result, sort_key};

const VERSION: u8 = 1;
const MAC_BYTES: usize = 16;

/// A place in a list, which is named so that its cursors are good for no other.
pub(crate) fn seal(key: &[u8; 32], caller: (&Principal, NamespaceId), list: &str, place: &[u8]) -> Result<String> {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&(list.len() as u32).to_be_bytes());
    bytes.extend_from_slice(list.as_bytes());
    bytes.extend_from_slice(place);
    let mac = mac(key, caller, &bytes)?;
    bytes.extend_from_slice(&mac);
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The place that was sealed for this list and this caller; 400 for any other text.
pub(crate) fn open(key: &[u8; 32], caller: (&Principal, NamespaceId), list: &str, text: &str) -> Result<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| refused())?;
    let (bytes, given) = bytes.split_last_chunk::<MAC_BYTES>().ok_or_else(refused)?;
    let expected = mac(key, caller, bytes)?;
    aws_lc_rs::constant_time::verify_slices_are_equal(given, &expected).map_err(|_| refused())?;
    let bytes = bytes.strip_prefix(&[VERSION]).ok_or_else(refused)?;
    let (length, bytes) = bytes.split_first_chunk::<4>().ok_or_else(refused)?;
    let length = u32::from_be_bytes(*length) as usize;
    let (name, place) = bytes.split_at_checked(length).ok_or_else(refused)?;
    if name != list.as_bytes() {
        return Err(refused());
    }
    Ok(place.to_vec())
}

pub(crate) fn refused() -> Error {
    Error::bad_request("the cursor does not belong to this list and this caller; leave it out for the first page")
}

fn mac(key: &[u8; 32], (principal, namespace): (&Principal, NamespaceId), bytes: &[u8]) -> Result<[u8; MAC_BYTES]> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    context.update(bytes);
    context.update(&namespace.0.to_be_bytes());
    match principal {
        Principal::Anonymous => context.update(b"\0anonymous"),
        Principal::System => context.update(b"\0system"),
        Principal::Account(account) | Principal::Root(account) => {
            context.update(b"\0account");
            context.update(&account.namespace.0.to_be_bytes());
            context.update(&sort_key::encode_record_key(&account.key)?);
        }
    }
    let tag = context.sign();
    let mut mac = [0; MAC_BYTES];
    mac.copy_from_slice(&tag.as_ref()[..MAC_BYTES]);
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ddb_core::{Account, NamespaceId, RecordKey};

    use super::*;

    fn ada() -> Principal {
        let key = RecordKey::String("ada".to_owned());
        Principal::Account(Arc::new(Account { namespace: NamespaceId::MAIN, key, session: None, admin: false, root: false }))
    }

    #[test]
    fn a_cursor_is_good_for_its_list_and_caller_only() {
        // Mutant: leave out the comparison of the MAC.
        let cursor = seal(&[1; 32], (&ada(), NamespaceId::MAIN), "tasks", &[7]).expect("a cursor");
        assert_eq!(open(&[1; 32], (&ada(), NamespaceId::MAIN), "tasks", &cursor).ok(), Some(vec![7]));
        assert!(open(&[2; 32], (&ada(), NamespaceId::MAIN), "tasks", &cursor).is_err(), "another key");
        assert!(open(&[1; 32], (&Principal::Anonymous, NamespaceId::MAIN), "tasks", &cursor).is_err(), "another caller");
        assert!(open(&[1; 32], (&ada(), NamespaceId(2)), "tasks", &cursor).is_err(), "another namespace");
        assert!(open(&[1; 32], (&ada(), NamespaceId::MAIN), "notes", &cursor).is_err(), "another list");
        for place in 0..cursor.len() {
            let mut forged = cursor.clone().into_bytes();
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).expect("ASCII");
            assert!(open(&[1; 32], (&ada(), NamespaceId::MAIN), "tasks", &forged).is_err(), "changed at {place}");
        }
        for text in ["", "A", "AAAA", "!!!"] {
            assert!(open(&[1; 32], (&ada(), NamespaceId::MAIN), "tasks", text).is_err(), "{text}");
        }
    }
}
