use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use ddb_core::Result;
use ddb_store::Store;
use ddb_store::identity::{self, PublicKey};
use jsonwebtoken::DecodingKey;
use tokio::sync::Mutex;

/// Tokens with made-up key ids must not become queries.
const RELOAD_AT_MOST_EVERY: Duration = Duration::from_secs(1);
/// A key that was replaced is noticed by then, also where nobody said so.
const RELOAD_AT_LEAST_EVERY: Duration = Duration::from_secs(60);

/// The keys that verify access tokens.
pub(super) struct PublicKeys {
    store: Store,
    current: RwLock<Option<Arc<Set>>>,
    last_reload: Mutex<Option<Instant>>,
    generation: AtomicU64,
}

/// Which keys a signature was checked with: it differs once they have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeysGeneration(u64);

struct Set {
    keys: Vec<Key>,
    loaded: Instant,
}

struct Key {
    public: PublicKey,
    decoding: Arc<DecodingKey>,
    until: Option<Instant>,
}

impl Set {
    fn find(&self, id: &str) -> Option<Arc<DecodingKey>> {
        let now = Instant::now();
        let key = self.keys.iter().find(|key| key.public.id == id && key.until.is_none_or(|until| now < until))?;
        Some(key.decoding.clone())
    }

    fn is_recent(&self) -> bool {
        self.loaded.elapsed() < RELOAD_AT_LEAST_EVERY
    }
}

impl PublicKeys {
    pub(super) fn new(store: Store) -> Self {
        Self { store, current: RwLock::new(None), last_reload: Mutex::new(None), generation: AtomicU64::new(0) }
    }

    pub(super) fn generation(&self) -> KeysGeneration {
        KeysGeneration(self.generation.load(Ordering::Acquire))
    }

    /// None where no key of that id verifies now.
    pub(super) async fn find(&self, id: &str) -> Result<Option<Arc<DecodingKey>>> {
        if let Some(set) = self.recent()
            && let Some(key) = set.find(id)
        {
            return Ok(Some(key));
        }
        let set = self.store.pool().in_time(self.reload(|set| set.find(id).is_some())).await?;
        Ok(set.find(id))
    }

    /// The keys that verify now, the newest first.
    pub(super) async fn all(&self) -> Result<Vec<PublicKey>> {
        let set = match self.recent() {
            Some(set) => set,
            None => self.store.pool().in_time(self.reload(|_| true)).await?,
        };
        let now = Instant::now();
        let verifying = set.keys.iter().filter(|key| key.until.is_none_or(|until| now < until));
        Ok(verifying.map(|key| key.public.clone()).collect())
    }

    /// The keys changed: they are read again when the next one is looked up.
    pub(super) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn recent(&self) -> Option<Arc<Set>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().filter(|set| set.is_recent()).cloned()
    }

    /// Reads the keys, unless another caller has just done so and `enough` of what it found.
    async fn reload(&self, enough: impl Fn(&Set) -> bool) -> Result<Arc<Set>> {
        let mut last_reload = self.last_reload.lock().await;
        if let Some(set) = self.recent() {
            let too_soon = last_reload.is_some_and(|last| last.elapsed() < RELOAD_AT_MOST_EVERY);
            if enough(&set) || too_soon {
                return Ok(set);
            }
        }
        let generation = self.generation();
        let loaded = Instant::now();
        let mut keys = Vec::new();
        for public in identity::public_keys(self.store.pool()).await? {
            let decoding = Arc::new(DecodingKey::from_rsa_raw_components(&public.modulus, &public.exponent));
            let until = public.remaining.map(|remaining| loaded + remaining);
            keys.push(Key { public, decoding, until });
        }
        let set = Arc::new(Set { keys, loaded });
        *last_reload = Some(loaded);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // If they changed during the read, what it found may be the state before.
        if generation == self.generation() {
            *current = Some(set.clone());
        }
        drop(current);
        Ok(set)
    }
}
