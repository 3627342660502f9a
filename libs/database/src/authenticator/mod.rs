//! Who is behind an access token.
//!
//! A token names a session. What PostgreSQL says of the session and its account is read once per process and kept until a revocation is heard; the README
//! of `ddb-auth` says how that reaches every process within a second ("Revocation"). The parts: [`access_token`] (what a token must look like), `public_keys`
//! (who may have signed it), `sessions` (who it is), `trust` (whether what was read still holds), `listener` (hearing that it does not).

pub mod access_token;
mod config;
mod listener;
mod public_keys;
mod sessions;
mod trust;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest;
use bytes::Bytes;
use ddb_api::bus::{REVOKED, Revoked};
use ddb_bus::{Bus, Subject};
use ddb_core::{Error, Principal, Result};
use ddb_store::Store;
use ddb_store::identity::PublicKey;
use quick_cache::sync::Cache;
use tokio_util::sync::CancellationToken;

use access_token::Claims;
use public_keys::{KeysGeneration, PublicKeys};
use sessions::{Known, Sessions};
use trust::Trust;

pub use config::AuthenticatorConfig;

/// Verified tokens that are remembered; beyond them the least used are verified again.
const TOKENS: usize = 20_000;

/// Turns access tokens into principals: verified locally with the public keys, accounts and sessions loaded once per process
/// and dropped when a revocation is heard. Cheap to clone.
#[derive(Clone)]
pub struct Authenticator {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    bus: Bus,
    config: AuthenticatorConfig,
    trust: Trust,
    keys: PublicKeys,
    sessions: Sessions,
    /// By the SHA-256 of the token: what this process keeps lets nobody in elsewhere.
    verified: Cache<[u8; 32], Arc<Verified>>,
}

/// A token whose signature and times were right, and who was behind it when last looked.
struct Verified {
    claims: Claims,
    keys: KeysGeneration,
    known: Arc<Known>,
}

impl Authenticator {
    pub fn new(store: Store, bus: Bus, config: AuthenticatorConfig) -> Self {
        let keys = PublicKeys::new(store.clone());
        let sessions = Sessions::new(store.clone(), config.root);
        let inner = Inner { store, bus, config, trust: Trust::new(), keys, sessions, verified: Cache::new(TOKENS) };
        Self { inner: Arc::new(inner) }
    }

    /// Hears revocations until `stop`: every process runs this once. Without it nothing that was read is trusted for as long as a second.
    pub async fn listen(self, stop: CancellationToken) -> Result<()> {
        listener::run(&self.inner, stop).await
    }

    /// The principal of a bearer token; `UNAUTHENTICATED` for anything that is not a valid, unrevoked access token.
    pub async fn authenticate(&self, token: &str) -> Result<Principal> {
        let inner = &*self.inner;
        let digest = sha256(token);
        if let Some(verified) = inner.verified.get(&digest)
            && verified.keys == inner.keys.generation()
        {
            if verified.claims.exp <= unix_now() {
                return Err(refused());
            }
            if verified.known.holds(&inner.trust) {
                return verified.principal();
            }
            return self.enter(digest, verified.claims.clone(), verified.keys).await;
        }
        // Before the look-up: if the keys change meanwhile, the token is verified again the next time.
        let keys = inner.keys.generation();
        let key_id = access_token::key_id(token).ok_or_else(refused)?;
        let key = inner.keys.find(&key_id).await?.ok_or_else(refused)?;
        let claims = access_token::verify(token, &key, &inner.config.issuer, unix_now()).ok_or_else(refused)?;
        self.enter(digest, claims, keys).await
    }

    /// Who was behind a token when it was last verified, without asking anybody; None where it was not, or is over. For counting what somebody does: he may
    /// have been kept out since.
    pub fn remembered(&self, token: &str) -> Option<Principal> {
        let verified = self.inner.verified.get(&sha256(token))?;
        if verified.claims.exp <= unix_now() {
            return None;
        }
        verified.principal().ok()
    }

    async fn enter(&self, digest: [u8; 32], claims: Claims, keys: KeysGeneration) -> Result<Principal> {
        let inner = &*self.inner;
        let account = claims.account().ok_or_else(refused)?;
        let known = inner.sessions.get(claims.sid, account, &inner.trust).await?;
        let verified = Arc::new(Verified { claims, keys, known });
        let principal = verified.principal();
        inner.verified.insert(digest, verified);
        principal
    }

    /// The keys that verify now, the newest first.
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>> {
        self.inner.keys.all().await
    }

    /// Ends what is kept about an account whose change was committed: in this process at once, and in others over the bus. Those also hear
    /// it from PostgreSQL, whatever becomes of this process or of the bus.
    pub async fn revoked(&self, revoked: &Revoked) {
        self.inner.trust.forget(&revoked.account);
        let subject = Subject::parse(REVOKED).expect("the subject is well formed");
        if let Err(error) = self.inner.bus.publish(&subject, Bytes::from(revoked.to_json())).await {
            tracing::debug!(%error, "a revocation was not published; other processes hear of it from PostgreSQL");
        }
    }
}

impl Verified {
    fn principal(&self) -> Result<Principal> {
        let Some(who) = &self.known.who else { return Err(refused()) };
        let same_account = self.claims.account() == Some(&who.account);
        if !same_account || who.namespace_name != self.claims.aud || who.epoch != self.claims.epoch {
            return Err(refused());
        }
        Ok(who.principal.clone())
    }
}

/// One answer for every reason, so that it explains nothing to whoever tries.
fn refused() -> Error {
    Error::unauthenticated("the access token is not valid or has ended; sign in or refresh it")
}

fn sha256(token: &str) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, token.as_bytes());
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

fn unix_now() -> i64 {
    // A clock before 1970 lets nobody in: every token is from the future.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}
