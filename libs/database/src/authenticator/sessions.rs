use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use ddb_core::{Account, NamespaceId, Principal, RecordKey, Result};
use ddb_store::Store;
use ddb_store::identity::{self, SignedIn};
use quick_cache::sync::Cache;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::trust::{Mark, Trust};

/// Sessions that are kept; beyond them the least used are read again.
const CAPACITY: usize = 20_000;
const LOCKS: usize = 64;

/// Who is behind each session, read once and kept until something about it changes.
pub(super) struct Sessions {
    store: Store,
    root: bool,
    kept: Cache<Uuid, Arc<Known>>,
    /// One reader of a session at a time: the others wait for what it finds.
    reading: Box<[Mutex<()>]>,
    hasher: RandomState,
}

/// What was read of a session.
pub(super) struct Known {
    mark: Mark,
    /// None where it may not enter: no such session, ended, banned.
    pub(super) who: Option<Who>,
}

pub(super) struct Who {
    pub(super) namespace_name: String,
    pub(super) account: String,
    pub(super) epoch: i64,
    pub(super) principal: Principal,
}

impl Known {
    pub(super) fn holds(&self, trust: &Trust) -> bool {
        trust.holds(&self.mark)
    }
}

impl Sessions {
    pub(super) fn new(store: Store, root: bool) -> Self {
        let reading = (0..LOCKS).map(|_| Mutex::new(())).collect();
        Self { store, root, kept: Cache::new(CAPACITY), reading, hasher: RandomState::new() }
    }

    /// `account` is whose session the token says it is.
    pub(super) async fn get(&self, session: Uuid, account: &str, trust: &Trust) -> Result<Arc<Known>> {
        if let Some(known) = self.kept(session, trust) {
            return Ok(known);
        }
        // Those who wait for another one's read do not each wait for a PostgreSQL that is away.
        self.store.pool().in_time(self.read(session, account, trust)).await
    }

    async fn read(&self, session: Uuid, account: &str, trust: &Trust) -> Result<Arc<Known>> {
        let lock = &self.reading[self.hasher.hash_one(session) as usize % LOCKS];
        let _reading = lock.lock().await;
        if let Some(known) = self.kept(session, trust) {
            return Ok(known);
        }
        // Before the read: a revocation that is heard while it is under way makes what it finds count for nothing.
        let mark = trust.mark(account);
        let found = identity::signed_in(self.store.pool(), session).await?;
        if found.as_ref().is_some_and(|found| found.account != account) {
            // What the mark watches is another account than the session's, so this is not kept.
            return Ok(Arc::new(Known { mark, who: None }));
        }
        let who = found.filter(|found| found.valid).map(|found| self.who(found, session));
        let known = Arc::new(Known { mark, who });
        self.kept.insert(session, known.clone());
        Ok(known)
    }

    fn kept(&self, session: Uuid, trust: &Trust) -> Option<Arc<Known>> {
        self.kept.get(&session).filter(|known| known.holds(trust))
    }

    fn who(&self, found: SignedIn, session: Uuid) -> Who {
        let has = |role: &str| found.roles.iter().any(|held| held == role);
        let principal = Principal::Account(Arc::new(Account {
            namespace: found.namespace,
            key: RecordKey::String(found.account.clone()),
            session: Some(session),
            admin: has("admin"),
            root: self.root && found.namespace == NamespaceId::MAIN && has("root"),
        }));
        Who { namespace_name: found.namespace_name, account: found.account, epoch: found.epoch, principal }
    }
}
