use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, PasswordVerifier, Version};
use aws_lc_rs::{constant_time, rand};
use ddb_core::{Error, ErrorCode, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::password::Password;

/// OWASP's and RFC 9106's second choice: 64 MiB, 3 passes, 1 lane.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;
const SALT_BYTES: usize = 16;

const MEMORY_BYTES: u64 = MEMORY_KIB as u64 * 1024;
/// Hashing may take one part in so many of the memory that the process has.
const MEMORY_SHARE: u64 = 8;
/// How many wait for each hash that is being made: at 150 ms each, the last one waits five seconds.
const WAITING_FOR_EACH: usize = 32;
const COME_BACK_AFTER: Duration = Duration::from_secs(5);

/// Hashes passwords on threads of their own, a few at a time; a short queue, and then `RATE_LIMITED`. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hasher {
    shared: Arc<Shared>,
}

struct Shared {
    running: Arc<Semaphore>,
    /// Those that run and those that wait.
    places: Arc<Semaphore>,
    all_places: usize,
    /// What the next hashes will use: taking 64 MiB from the system anew costs a quarter more. Given back when nobody runs or waits.
    memories: Mutex<Vec<Memory>>,
}

pub(crate) type Memory = Vec<Block>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Wrong,
    Right,
    /// Right, but hashed with other parameters than today's.
    RightButOld,
}

impl Hasher {
    /// As many at a time as an eighth of the memory holds, leaving one core to everything else; at least one.
    pub(crate) fn new(memory_limit: u64, cores: usize) -> Self {
        Self::with(at_once(memory_limit, cores))
    }

    fn with(at_once: usize) -> Self {
        let all_places = at_once * (1 + WAITING_FOR_EACH);
        let (running, places) = (Arc::new(Semaphore::new(at_once)), Arc::new(Semaphore::new(all_places)));
        Self { shared: Arc::new(Shared { running, places, all_places, memories: Mutex::default() }) }
    }

    /// A place among those that run or wait, to be taken before anything else is done for a request; `RATE_LIMITED` where all are taken.
    pub(crate) fn place(&self) -> Result<Place> {
        let permit = self.shared.places.clone().try_acquire_owned().map_err(|_| busy())?;
        Ok(Place { held: Arc::new(Held { permit: Some(permit), shared: self.shared.clone() }) })
    }
}

/// The right to hash, one password after the other.
pub(crate) struct Place {
    held: Arc<Held>,
}

struct Held {
    permit: Option<OwnedSemaphorePermit>,
    shared: Arc<Shared>,
}

impl Place {
    /// A new hash in PHC form.
    pub(crate) async fn hash(&self, password: Password) -> Result<String> {
        self.run(move |memory| hash(&password, memory)).await?
    }

    /// Takes the same time for every password, also where there is no hash to compare it with.
    pub(crate) async fn verify(&self, password: Password, hash: Option<String>) -> Result<Verdict> {
        self.run(move |memory| verify(&password, hash.as_deref(), memory)).await?
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut Memory) -> T + Send + 'static) -> Result<T> {
        // First come, first served. Who goes away while waiting costs nothing.
        let running = self.held.shared.running.clone().acquire_owned().await.map_err(Error::internal)?;
        let held = self.held.clone();
        let done = tokio::task::spawn_blocking(move || {
            let mut memory = held.shared.memories().pop().unwrap_or_else(new_memory);
            let result = work(&mut memory);
            held.shared.memories().push(memory);
            // Held until here, also when nobody waits for the result any more: the memory was in use.
            drop((running, held));
            result
        });
        done.await.map_err(Error::internal)
    }
}

impl Shared {
    fn memories(&self) -> MutexGuard<'_, Vec<Memory>> {
        self.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.permit.take());
        if self.shared.places.available_permits() == self.shared.all_places {
            self.shared.memories().clear();
        }
    }
}

fn at_once(memory_limit: u64, cores: usize) -> usize {
    let by_memory = usize::try_from(memory_limit / MEMORY_SHARE / MEMORY_BYTES).unwrap_or(usize::MAX);
    by_memory.clamp(1, cores.saturating_sub(1).max(1))
}

fn busy() -> Error {
    Error::new(ErrorCode::RateLimited, "too many passwords are being checked at the moment").with_retry_after(COME_BACK_AFTER)
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES)).expect("the parameters are within Argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

pub(crate) fn new_memory() -> Memory {
    vec![Block::new(); argon2().params().block_count()]
}

/// A new hash in PHC form, made on this thread.
pub(crate) fn hash(password: &Password, memory: &mut Memory) -> Result<String> {
    let salt = random::<SALT_BYTES>()?;
    let hash = compute(password, &salt, memory)?;
    Ok(in_phc_form(&salt, &hash)?.to_string())
}

fn verify(password: &Password, hash: Option<&str>, memory: &mut Memory) -> Result<Verdict> {
    let stored = match hash {
        Some(hash) => PasswordHash::new(hash).map_err(Error::internal)?,
        None => nobodys_hash()?,
    };
    if !is_of_today(&stored) {
        let right = argon2().verify_password(password.as_bytes(), &stored).is_ok();
        return Ok(if right { Verdict::RightButOld } else { Verdict::Wrong });
    }
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
        return Err(Error::internal("a stored hash has no salt or no hash"));
    };
    let computed = compute(password, salt, memory)?;
    // In constant time.
    let right = constant_time::verify_slices_are_equal(&computed, expected.as_bytes()).is_ok();
    Ok(if right { Verdict::Right } else { Verdict::Wrong })
}

fn compute(password: &Password, salt: &[u8], memory: &mut Memory) -> Result<[u8; HASH_BYTES]> {
    let mut hash = [0; HASH_BYTES];
    argon2().hash_password_into_with_memory(password.as_bytes(), salt, &mut hash, memory).map_err(Error::internal)?;
    Ok(hash)
}

fn in_phc_form(salt: &[u8], hash: &[u8]) -> Result<PasswordHash> {
    Ok(PasswordHash {
        algorithm: argon2::ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: argon2().params().try_into().map_err(Error::internal)?,
        salt: Some(Salt::new(salt).map_err(Error::internal)?),
        hash: Some(Output::new(hash).map_err(Error::internal)?),
    })
}

/// What no password hashes to: random bytes where the hash would be.
fn nobodys_hash() -> Result<PasswordHash> {
    in_phc_form(&random::<SALT_BYTES>()?, &random::<HASH_BYTES>()?)
}

fn is_of_today(hash: &PasswordHash) -> bool {
    hash.algorithm == argon2::ARGON2ID_IDENT
        && hash.version == Some(Version::V0x13.into())
        && Params::try_from(hash).is_ok_and(|params| {
            (params.m_cost(), params.t_cost(), params.p_cost(), params.output_len())
                == (MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES))
        })
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(Error::internal)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use argon2::PasswordHasher;

    use zeroize::Zeroizing;

    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn password(text: &str) -> Password {
        Password::choose(Zeroizing::new(text.to_owned()), "password").expect("a password")
    }

    #[test]
    fn memory_and_cores_say_how_many_at_once() {
        for (memory, cores, expected) in [
            (512, 2, 1),
            (512, 16, 1),
            (1024, 2, 1),
            (1024, 4, 2),
            (4096, 2, 1),
            (4096, 4, 3),
            (65536, 16, 15),
            (64, 1, 1),
            (0, 0, 1),
        ] {
            assert_eq!(at_once(memory * MIB, cores), expected, "{memory} MiB, {cores} cores");
        }
    }

    #[test]
    fn a_hash_says_how_it_was_made_and_fits_its_password_only() {
        let mut memory = new_memory();
        let hash = hash(&password("correct horse"), &mut memory).expect("no error");
        assert!(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"), "{hash}");
        assert_eq!(verify(&password("correct horse"), Some(&hash), &mut memory).expect("no error"), Verdict::Right);
        assert_eq!(verify(&password("battery staple"), Some(&hash), &mut memory).expect("no error"), Verdict::Wrong);
        assert_eq!(verify(&password("correct horse"), None, &mut memory).expect("no error"), Verdict::Wrong);
    }

    #[test]
    fn a_hash_of_other_parameters_is_right_but_old() {
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, Some(32)).expect("parameters"));
        let hash = cheap.hash_password_with_salt(b"correct horse", b"0123456789abcdef").expect("no error").to_string();
        assert_eq!(verify(&password("correct horse"), Some(&hash), &mut new_memory()).expect("no error"), Verdict::RightButOld);
        assert_eq!(verify(&password("battery staple"), Some(&hash), &mut new_memory()).expect("no error"), Verdict::Wrong);
    }

    /// Mutant: `places` is as large as `usize` allows.
    #[tokio::test]
    async fn beyond_a_short_queue_everyone_is_sent_away_at_once() {
        let hasher = Hasher::with(1);
        let begin = Instant::now();
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let hasher = hasher.clone();
            waiting.spawn(async move {
                let place = hasher.place().map_err(|error| (error.code(), error.retry_after()))?;
                place.run(|_| ()).await.map_err(|error| (error.code(), error.retry_after()))
            });
        }
        // They were all asked before any of them could run, because this test has one thread.
        let mut refused = 0;
        while let Some(result) = waiting.join_next().await {
            if let Err(error) = result.expect("no panic") {
                assert_eq!(error, (ErrorCode::RateLimited, Some(COME_BACK_AFTER)));
                refused += 1;
            }
        }
        assert_eq!(refused, 100 - 1 - WAITING_FOR_EACH);
        assert!(begin.elapsed() < Duration::from_secs(2));
    }

    /// The library's own way, with memory of its own, gives the same. Mutant: what an earlier hash left in the memory counts.
    #[test]
    fn used_memory_changes_nothing() {
        let mut memory = new_memory();
        compute(&password("somebody else's"), b"fedcba9876543210", &mut memory).expect("no error");
        let computed = compute(&password("correct horse"), b"0123456789abcdef", &mut memory).expect("no error");
        let mut expected = [0; HASH_BYTES];
        argon2().hash_password_into(b"correct horse", b"0123456789abcdef", &mut expected).expect("no error");
        assert_eq!(computed, expected);
    }

    /// Mutant: `Held` clears nothing.
    #[tokio::test]
    async fn memory_is_kept_while_somebody_waits_and_then_given_back() {
        let hasher = Hasher::with(1);
        let (first, second) = (hasher.place().expect("a place"), hasher.place().expect("a place"));
        first.run(|_| ()).await.expect("no error");
        drop(first);
        assert_eq!(hasher.shared.memories().len(), 1);
        second.run(|_| ()).await.expect("no error");
        assert_eq!(hasher.shared.memories().len(), 1);
        drop(second);
        // The thread lets go of it a moment after it has told the result.
        while !hasher.shared.memories().is_empty() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn who_goes_away_while_waiting_leaves_his_place() {
        let hasher = Hasher::with(1);
        let held = hasher.shared.running.clone().acquire_owned().await.expect("a permit");
        for _ in 0..1000 {
            let gone = tokio::time::timeout(Duration::from_micros(10), hasher.place().expect("a place").run(|_| ())).await;
            assert!(gone.is_err());
        }
        drop(held);
        hasher.place().expect("a place").run(|_| ()).await.expect("no error");
    }
}
