use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use ddb_core::{Error, Result};
use ddb_database::MasterKey;
use zeroize::Zeroizing;

/// The form of the box: a byte for the version, a random nonce, the ciphertext with its tag.
const VERSION: u8 = 1;

/// Encrypts private keys for the database: AES-256-GCM with a key made from the master key, bound to the key's id.
pub(crate) struct SigningBox {
    key: LessSafeKey,
}

impl SigningBox {
    pub(crate) fn new(master_key: &MasterKey) -> Self {
        let bytes = Zeroizing::new(master_key.derive("signing-key"));
        let key = UnboundKey::new(&AES_256_GCM, &*bytes).expect("AES-256 has keys of 32 bytes");
        Self { key: LessSafeKey::new(key) }
    }

    pub(crate) fn close(&self, id: &str, private: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(Error::internal)?;
        let mut sealed = private.to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(id.as_bytes()), &mut sealed)
            .map_err(Error::internal)?;
        let mut closed = vec![VERSION];
        closed.extend_from_slice(&nonce);
        closed.extend_from_slice(&sealed);
        Ok(closed)
    }

    /// None where it was closed with another master key, for another id, or was changed.
    pub(crate) fn open(&self, id: &str, closed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let sealed = closed.strip_prefix(&[VERSION])?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let mut opened = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let length = self.key.open_in_place(nonce, Aad::from(id.as_bytes()), &mut opened).ok()?.len();
        opened.truncate(length);
        Some(opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_only_with_its_key_its_id_and_unchanged() {
        let closing = SigningBox::new(&MasterKey::new([1; 32]));
        let closed = closing.close("id", b"private").expect("no error");
        assert_eq!(closing.open("id", &closed).as_deref().map(Vec::as_slice), Some(b"private".as_slice()));
        assert_eq!(closing.open("other", &closed), None);
        assert_eq!(SigningBox::new(&MasterKey::new([2; 32])).open("id", &closed), None);
        for position in 0..closed.len() {
            let mut changed = closed.clone();
            changed[position] ^= 1;
            assert_eq!(closing.open("id", &changed), None, "byte {position}");
        }
        for length in 0..closed.len() {
            assert_eq!(closing.open("id", &closed[..length]), None, "{length} bytes");
        }
        assert_ne!(closing.close("id", b"private").expect("no error"), closed);
    }
}
