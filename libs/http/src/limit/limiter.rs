use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use ddb_core::{Account, Error, ErrorCode};

use super::class::Class;
use super::network::Network;
use super::rate::Rate;
use super::rates::{RateChanges, RateLimits};
use super::standing::Standing;
use super::table::Table;

/// What may come at once, in seconds' worth of the rate.
pub(super) const BURST_SECONDS: u64 = 5;
/// Of each of the two tables: 28,672 buckets in 512 KB.
const SETS: usize = 4096;

/// The budgets of all requests of a process. Cheap to clone; costs a request well under a microsecond.
///
/// A request takes a token of its network and one of its class: of its account where its access token is known to be good, else of its network's
/// anonymous ones. So a token that has not been verified yet, or that never will be, is paid for before anything is done about it.
#[derive(Clone)]
pub struct Limiter(Arc<Inner>);

struct Inner {
    begin: Instant,
    configured: RateLimits,
    current: RwLock<RateLimits>,
    /// Apart, so that a flood of networks takes nothing from those who are signed in.
    networks: Table,
    accounts: Table,
}

/// A request that was refused.
pub(crate) struct Refused {
    pub(crate) error: Error,
    pub(crate) standing: Standing,
}

struct Bucket<'a, K> {
    table: &'a Table,
    key: K,
    rate: Rate,
}

impl Limiter {
    pub fn new(configured: RateLimits) -> Self {
        let (networks, accounts) = (Table::new(SETS), Table::new(SETS));
        Self(Arc::new(Inner { begin: Instant::now(), configured, current: RwLock::new(configured), networks, accounts }))
    }

    /// As they are now.
    pub fn current(&self) -> RateLimits {
        *self.0.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was changed counts instead of what the process was started with.
    pub fn change(&self, changes: RateChanges) {
        *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = self.0.configured.with(changes);
    }

    /// Lets a request through or not.
    pub(crate) fn take(&self, network: Network, account: Option<&Account>, class: Class) -> Result<Standing, Refused> {
        let now = self.0.begin.elapsed().as_micros() as u64;
        self.take_at(network, account, class, now)
    }

    fn take_at(&self, network: Network, account: Option<&Account>, class: Class, now: u64) -> Result<Standing, Refused> {
        let Inner { networks, accounts, .. } = &*self.0;
        let limits = self.current();
        let of_network = bucket(networks, (network, None::<Class>), limits.network);
        let in_network = take(of_network.as_ref(), now, "from this network")?;
        let of_class = match account {
            Some(account) => {
                let bucket = bucket(accounts, (account.namespace, &account.key, class), limits.account.of(class));
                take(bucket.as_ref(), now, "of this account")
            }
            None => {
                let bucket = bucket(networks, (network, Some(class)), limits.anonymous.of(class));
                take(bucket.as_ref(), now, "from this network without signing in")
            }
        };
        match (in_network, of_class) {
            (in_network, Ok(in_class)) => Ok(tighter(in_network, in_class).unwrap_or(Standing::UNLIMITED)),
            (_, Err(refused)) => {
                // Who is refused for himself takes nothing from his neighbours.
                if let Some(Bucket { table, key, rate }) = of_network {
                    table.give_back(&key, rate);
                }
                Err(refused)
            }
        }
    }
}

fn bucket<K>(table: &Table, key: K, per_second: u32) -> Option<Bucket<'_, K>> {
    (per_second > 0).then(|| Bucket { table, key, rate: Rate::per_second(per_second.into(), BURST_SECONDS) })
}

fn take<K: Hash>(bucket: Option<&Bucket<'_, K>>, now: u64, whose: &str) -> Result<Option<Standing>, Refused> {
    let Some(Bucket { table, key, rate }) = bucket else { return Ok(None) };
    match table.take(key, *rate, now) {
        Ok(tat) => Ok(Some(Standing::after(*rate, tat, now))),
        Err(wait) => {
            let message = format!("too many requests of this kind {whose}; see the header `retry-after`");
            let error = Error::new(ErrorCode::RateLimited, message).with_retry_after(Duration::from_micros(wait));
            Err(Refused { error, standing: Standing::empty(*rate, wait) })
        }
    }
}

fn tighter(one: Option<Standing>, other: Option<Standing>) -> Option<Standing> {
    match (one, other) {
        (Some(one), Some(other)) if one.remaining < other.remaining => Some(one),
        (one, other) => other.or(one),
    }
}

#[cfg(test)]
mod tests {
    use ddb_core::{NamespaceId, RecordKey};

    use super::super::rates::ClassRates;
    use super::*;

    const SECOND: u64 = 1_000_000;
    const LIMITS: RateLimits = RateLimits {
        network: 100,
        anonymous: ClassRates { read: 10, write: 5, auth: 2, other: 0 },
        account: ClassRates { read: 50, write: 20, auth: 5, other: 0 },
    };

    fn network(number: u32) -> Network {
        Network::V4(number.into())
    }

    fn account(name: &str) -> Account {
        Account {
            namespace: NamespaceId::MAIN,
            key: RecordKey::String(name.to_owned()),
            session: None,
            admin: false,
            root: false,
        }
    }

    /// How many of a thousand get through at once.
    fn through(limiter: &Limiter, from: Network, who: Option<&Account>, class: Class, now: u64) -> usize {
        (0..1000).filter(|_| limiter.take_at(from, who, class, now).is_ok()).count()
    }

    #[test]
    fn each_class_has_a_budget_of_its_own() {
        let limiter = Limiter::new(LIMITS);
        assert_eq!(through(&limiter, network(1), None, Class::Read, 0), 50);
        assert_eq!(through(&limiter, network(1), None, Class::Write, 0), 25);
        assert_eq!(through(&limiter, network(1), None, Class::Auth, 0), 10);
        assert_eq!(through(&limiter, network(1), None, Class::Read, SECOND), 10);
        assert_eq!(through(&limiter, network(2), None, Class::Read, SECOND), 50);
    }

    #[test]
    fn an_account_has_one_budget_wherever_it_comes_from() {
        let limiter = Limiter::new(LIMITS);
        let (one, other) = (account("one"), account("other"));
        assert_eq!(through(&limiter, network(1), Some(&one), Class::Read, 0), 250);
        assert_eq!(through(&limiter, network(2), Some(&one), Class::Read, 0), 0);
        assert_eq!(through(&limiter, network(2), Some(&other), Class::Read, 0), 250);
    }

    /// Mutants: the network's own budget is not asked; what a refused one took is not given back.
    #[test]
    fn a_network_has_a_budget_in_all_and_who_is_refused_uses_none_of_it() {
        let limiter = Limiter::new(LIMITS);
        assert_eq!(through(&limiter, network(1), None, Class::Read, 0), 50);
        let names: Vec<_> = (0..10).map(|number| account(&number.to_string())).collect();
        let all: usize = names.iter().map(|name| through(&limiter, network(1), Some(name), Class::Write, 0)).sum();
        assert_eq!(all, 450);
    }

    #[test]
    fn the_standing_is_that_of_the_tighter_budget() {
        let limiter = Limiter::new(LIMITS);
        let standing = |class| limiter.take_at(network(1), None, class, 0).ok().expect("it is let through");
        assert_eq!(standing(Class::Auth), Standing { limit: 10, remaining: 9, reset: 1 });
        for left in (0..9).rev() {
            assert_eq!(standing(Class::Auth).remaining, left);
        }
        let Err(refused) = limiter.take_at(network(1), None, Class::Auth, 0) else { panic!("an eleventh") };
        assert_eq!(refused.standing, Standing { limit: 10, remaining: 0, reset: 5 });
        assert_eq!(refused.error.retry_after(), Some(Duration::from_millis(500)));
        // Nothing limits this class but the network as a whole.
        assert_eq!(standing(Class::Other).limit, 500);
    }

    #[test]
    fn what_is_changed_counts_at_once_and_can_be_taken_back() {
        let limiter = Limiter::new(LIMITS);
        limiter.change(RateChanges { network: Some(0), ..RateChanges::default() });
        assert_eq!(limiter.current(), RateLimits { network: 0, ..LIMITS });
        limiter.change(RateChanges::default());
        assert_eq!(limiter.current(), LIMITS);
        let unlimited = Limiter::new(RateLimits::NONE);
        let is_unlimited = |standing| standing == Standing::UNLIMITED;
        assert!((0..10_000).all(|_| unlimited.take_at(network(1), None, Class::Write, 0).is_ok_and(is_unlimited)));
    }

    /// THREATS 14 and 57. Mutant: `floor` of the table stays 0.
    #[test]
    fn a_flood_of_networks_frees_nobody_who_is_limited() {
        let limiter = Limiter::new(LIMITS);
        assert_eq!(through(&limiter, network(1), None, Class::Auth, 0), 10);
        for other in 2..100_000 {
            // They owe as much, so that the one who is limited is the next to give way.
            for _ in 0..10 {
                let _ = limiter.take_at(network(other), None, Class::Auth, 1);
            }
        }
        assert_eq!(through(&limiter, network(1), None, Class::Auth, 2), 0);
    }
}
