//! Signing keys: made at first start, replaced every 90 days or when asked to, encrypted at rest. See "Signing keys" in the crate's documentation.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ddb_core::{Error, Result};
use ddb_database::MasterKey;
use ddb_database::authenticator::access_token::{self, Claims, Header};
use ddb_store::{Store, to_error};
use zeroize::Zeroizing;

use crate::db::signing_key::{self, StoredKey};
use crate::signing_box::SigningBox;

const ROTATE_AFTER: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How long a signer goes on without looking whether its key was replaced. Well within what a key outlives its replacement.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Makes a new signing key; the old one still verifies until the last token it signed has expired. Running servers take it up within ten seconds.
/// A master key that does not open the key in use is an error, and nothing is changed: servers with the right one could not open the new key.
pub async fn rotate(store: &Store, master_key: &MasterKey) -> Result<()> {
    replace(store, master_key, Duration::ZERO).await
}

/// Replaces the key where it has become old.
pub(crate) async fn rotate_if_old(store: &Store, master_key: &MasterKey) -> Result<()> {
    if signing_key::is_older_than(store.pool(), ROTATE_AFTER).await? {
        return replace(store, master_key, ROTATE_AFTER).await;
    }
    Ok(())
}

/// Of several processes that find the key older than `age`, one replaces it.
async fn replace(store: &Store, master_key: &MasterKey, age: Duration) -> Result<()> {
    let new = generate(master_key).await?;
    let mut transaction = store.pool().begin().await.map_err(to_error)?;
    signing_key::lock(&mut transaction).await?;
    if signing_key::is_older_than(&mut *transaction, age).await? {
        if let Some(stored) = signing_key::newest(&mut *transaction).await? {
            SigningKey::open(&SigningBox::new(master_key), &stored)?;
        }
        signing_key::insert(&mut transaction, &new).await?;
        signing_key::retire_others(&mut transaction, &new.id).await?;
        signing_key::notify(&mut transaction).await?;
        tracing::info!(kid = new.id, "a new signing key");
    }
    transaction.commit().await.map_err(to_error)
}

/// Signs access tokens with the newest key.
pub(crate) struct Signer {
    store: Store,
    opener: SigningBox,
    current: RwLock<Current>,
}

struct Current {
    key: Arc<SigningKey>,
    looked: Instant,
}

struct SigningKey {
    id: String,
    pair: RsaKeyPair,
}

impl Signer {
    /// Reads the key, or makes the first one. A master key that does not open it is an error that says so.
    pub(crate) async fn open(store: &Store, master_key: &MasterKey) -> Result<Self> {
        let stored = match signing_key::newest(store.pool()).await? {
            Some(stored) => stored,
            None => first(store, master_key).await?,
        };
        let opener = SigningBox::new(master_key);
        let key = Arc::new(SigningKey::open(&opener, &stored)?);
        Ok(Self { store: store.clone(), opener, current: RwLock::new(Current { key, looked: Instant::now() }) })
    }

    /// The claims as an access token. About a millisecond of computing.
    pub(crate) async fn sign(&self, claims: &Claims) -> Result<String> {
        let key = self.current().await?;
        let header = Header { alg: "RS256".to_owned(), typ: access_token::TYPE.to_owned(), kid: key.id.clone() };
        let header = serde_json::to_vec(&header).map_err(Error::internal)?;
        let claims = serde_json::to_vec(claims).map_err(Error::internal)?;
        let mut token = URL_SAFE_NO_PAD.encode(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let mut signature = vec![0; key.pair.public_modulus_len()];
        key.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature).map_err(Error::internal)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    async fn current(&self) -> Result<Arc<SigningKey>> {
        let known = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            if current.looked.elapsed() < LOOK_EVERY {
                return Ok(current.key.clone());
            }
            current.key.clone()
        };
        let looked = Instant::now();
        let stored = signing_key::newest(self.store.pool()).await?.ok_or_else(|| Error::internal("there is no signing key"))?;
        let key = if stored.id == known.id { known } else { Arc::new(SigningKey::open(&self.opener, &stored)?) };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Current { key: key.clone(), looked };
        Ok(key)
    }
}

impl SigningKey {
    fn open(opener: &SigningBox, stored: &StoredKey) -> Result<Self> {
        let private = opener.open(&stored.id, &stored.private_box).ok_or_else(|| wrong_master_key(&stored.id))?;
        let pair = RsaKeyPair::from_pkcs8(&private).map_err(Error::internal)?;
        Ok(Self { id: stored.id.clone(), pair })
    }
}

fn wrong_master_key(id: &str) -> Error {
    Error::internal(format!(
        "the master key does not open the signing key {id} of this database: DDB_MASTER_KEY or master.key is not the one it was made with"
    ))
}

/// Of two processes that start at the same time, one makes the key and both use it.
async fn first(store: &Store, master_key: &MasterKey) -> Result<StoredKey> {
    let new = generate(master_key).await?;
    let mut transaction = store.pool().begin().await.map_err(to_error)?;
    signing_key::lock(&mut transaction).await?;
    let stored = match signing_key::newest(&mut *transaction).await? {
        Some(stored) => stored,
        None => {
            signing_key::insert(&mut transaction, &new).await?;
            signing_key::notify(&mut transaction).await?;
            tracing::info!(kid = new.id, "the first signing key");
            StoredKey { id: new.id, private_box: new.private_box }
        }
    };
    transaction.commit().await.map_err(to_error)?;
    Ok(stored)
}

/// RSA-2048, off the async threads: it takes some tens to hundreds of milliseconds.
async fn generate(master_key: &MasterKey) -> Result<signing_key::NewKey> {
    let closer = SigningBox::new(master_key);
    let made = tokio::task::spawn_blocking(move || {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(Error::internal)?;
        let public: RsaPublicKeyComponents<Vec<u8>> = pair.public_key().into();
        let id = thumbprint(&public.n, &public.e);
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(Error::internal)?;
        let private = Zeroizing::new(pkcs8.as_ref().to_vec());
        let private_box = closer.close(&id, &private)?;
        Ok(signing_key::NewKey { id, modulus: public.n, exponent: public.e, private_box })
    });
    made.await.map_err(Error::internal)?
}

/// RFC 7638: the SHA-256 of the key's required members, in the order of their names.
fn thumbprint(modulus: &[u8], exponent: &[u8]) -> String {
    let (n, e) = (URL_SAFE_NO_PAD.encode(modulus), URL_SAFE_NO_PAD.encode(exponent));
    let members = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7638, section 3.1.
    #[test]
    fn a_thumbprint_is_that_of_the_rfc() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let modulus = URL_SAFE_NO_PAD.decode(n).expect("base64url");
        assert_eq!(thumbprint(&modulus, &[1, 0, 1]), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }
}
