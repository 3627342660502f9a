use std::time::{Duration, Instant};

use ddb_http::limit::{Network, Rate, Table};

/// Of each table: 14,336 buckets in 256 KB.
const SETS: usize = 2048;

/// Failures from one network, whatever the account.
const OF_NETWORK: Rate = Rate::new(50, 6);
/// Failures of one account from one network.
const OF_PAIR: Rate = Rate::new(10, 60);
/// Failures of one account from all networks that it is not known to sign in from (NIST SP 800-63B, 5.2.2: at most 100).
const OF_ACCOUNT: Rate = Rate::new(50, 36);

/// Accounts that are erased from one network: each costs a pass through all names of its namespace.
const ERASURES: Rate = Rate::new(10, 60);

/// Counts attempts to sign in and to sign up, and to erase accounts. See "Limits" in the crate's documentation.
pub(crate) struct Attempts {
    begin: Instant,
    network: Table,
    pair: Table,
    account: Table,
    sign_ups: Table,
    erasures: Table,
    /// None: not limited.
    sign_up_rate: Option<Rate>,
}

/// Whether an attempt may be made.
pub(crate) enum Permission<'a> {
    Granted(Attempt<'a>),
    /// Only from a network from which the account has signed in lately. For others: the time to wait.
    Familiar(Attempt<'a>, Duration),
    Refused(Duration),
}

/// An attempt to sign in that was let through. It counts as failed unless it is given back.
#[must_use]
pub(crate) struct Attempt<'a> {
    attempts: &'a Attempts,
    network: Network,
    account: String,
    /// Whether a token of the account's own budget was taken.
    of_account: bool,
}

impl Attempts {
    /// `sign_ups_per_hour` is per network; 0: not limited.
    pub(crate) fn new(sign_ups_per_hour: u32) -> Self {
        Self {
            begin: Instant::now(),
            network: Table::new(SETS),
            pair: Table::new(SETS),
            account: Table::new(SETS),
            sign_ups: Table::new(SETS),
            erasures: Table::new(SETS),
            sign_up_rate: (sign_ups_per_hour > 0).then(|| Rate::per_hour(sign_ups_per_hour.into())),
        }
    }

    /// `account` is the namespace and the address in its canonical form, whether it has an account or not.
    pub(crate) fn sign_in(&self, network: Network, account: &str) -> Permission<'_> {
        self.sign_in_at(network, account, self.now())
    }

    fn sign_in_at(&self, network: Network, account: &str, now: u64) -> Permission<'_> {
        if let Err(wait) = self.network.take(&network, OF_NETWORK, now) {
            return Permission::Refused(Duration::from_micros(wait));
        }
        if let Err(wait) = self.pair.take(&(network, account), OF_PAIR, now) {
            self.network.give_back(&network, OF_NETWORK);
            return Permission::Refused(Duration::from_micros(wait));
        }
        let taken = self.account.take(&account, OF_ACCOUNT, now);
        let attempt = Attempt { attempts: self, network, account: account.to_owned(), of_account: taken.is_ok() };
        match taken {
            Ok(_) => Permission::Granted(attempt),
            Err(wait) => Permission::Familiar(attempt, Duration::from_micros(wait)),
        }
    }

    /// The time to wait where the network has made as many as it may.
    pub(crate) fn sign_up(&self, network: Network) -> Result<(), Duration> {
        let Some(rate) = self.sign_up_rate else { return Ok(()) };
        self.sign_ups.take(&network, rate, self.now()).map(|_| ()).map_err(Duration::from_micros)
    }

    /// The same of accounts that are erased.
    pub(crate) fn erasure(&self, network: Network) -> Result<(), Duration> {
        self.erasures.take(&network, ERASURES, self.now()).map(|_| ()).map_err(Duration::from_micros)
    }

    fn now(&self) -> u64 {
        self.begin.elapsed().as_micros() as u64
    }
}

impl Attempt<'_> {
    /// It succeeded, or was not made after all.
    pub(crate) fn give_back(self) {
        let Attempts { network, pair, account, .. } = self.attempts;
        network.give_back(&self.network, OF_NETWORK);
        pair.give_back(&(self.network, self.account.as_str()), OF_PAIR);
        if self.of_account {
            account.give_back(&self.account.as_str(), OF_ACCOUNT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(number: u32) -> Network {
        Network::V4(number.into())
    }

    const SECOND: u64 = 1_000_000;

    /// How many guesses get through in an hour when each second `per_second` are tried; `who` gives network and account of the n-th.
    fn guesses_in_an_hour(per_second: u32, familiar: impl Fn(Network) -> bool, who: impl Fn(u32) -> (Network, String)) -> u32 {
        let attempts = Attempts::new(0);
        let mut guesses = 0;
        for number in 0..3600 * per_second {
            let (network, account) = who(number);
            let now = u64::from(number) * SECOND / u64::from(per_second);
            match attempts.sign_in_at(network, &account, now) {
                Permission::Granted(_) => guesses += 1,
                Permission::Familiar(attempt, _) if familiar(network) => {
                    let _ = attempt;
                    guesses += 1;
                }
                Permission::Familiar(attempt, _) => attempt.give_back(),
                Permission::Refused(_) => {}
            }
        }
        guesses
    }

    fn stranger(_: Network) -> bool {
        false
    }

    /// THREATS 14. Mutant: the budget of the pair is not asked.
    #[test]
    fn one_network_guesses_one_account_slowly() {
        let guesses = guesses_in_an_hour(10, stranger, |_| (network(1), "victim".to_owned()));
        assert!((60..=70).contains(&guesses), "{guesses}");
    }

    /// Mutant: the budget of the account is not asked.
    #[test]
    fn many_networks_guess_one_account_slowly() {
        let guesses = guesses_in_an_hour(10, stranger, |number| (network(number % 1000), "victim".to_owned()));
        assert!((100..=150).contains(&guesses), "{guesses}");
    }

    /// Mutant: the budget of the network is not asked.
    #[test]
    fn one_network_guesses_many_accounts_slowly() {
        let guesses = guesses_in_an_hour(10, stranger, |number| (network(1), format!("victim{number}")));
        assert!((600..=650).contains(&guesses), "{guesses}");
    }

    #[test]
    fn the_victim_is_not_locked_out_of_a_familiar_network() {
        let home = network(7);
        let attempts = Attempts::new(0);
        // An hour of attack on the account from everywhere, at every tenth of a second; it goes on.
        let now = 3590 * SECOND;
        for number in 0..35_900_u32 {
            if let Permission::Familiar(attempt, _) =
                attempts.sign_in_at(network(1000 + number % 5000), "victim", u64::from(number) * SECOND / 10)
            {
                attempt.give_back();
            }
        }
        // From elsewhere the victim has to wait, from home not.
        assert!(matches!(attempts.sign_in_at(network(8), "victim", now), Permission::Familiar(..)));
        let Permission::Familiar(attempt, wait) = attempts.sign_in_at(home, "victim", now) else {
            panic!("from home it is asked whether the network is familiar");
        };
        assert!(wait < Duration::from_secs(40), "{wait:?}");
        attempt.give_back();
        // Other accounts are untouched.
        assert!(matches!(attempts.sign_in_at(home, "somebody", now), Permission::Granted(_)));
        // Once the attack is over, any network can sign in.
        assert!(matches!(attempts.sign_in_at(network(9), "victim", now + 37 * SECOND), Permission::Granted(_)));
    }

    #[test]
    fn a_familiar_network_guesses_slowly_too() {
        let guesses = guesses_in_an_hour(10, |_| true, |_| (network(1), "victim".to_owned()));
        assert!((60..=70).contains(&guesses), "{guesses}");
    }

    #[test]
    fn who_knows_his_password_is_never_slowed() {
        let attempts = Attempts::new(0);
        for now in 0..10_000_u64 {
            let Permission::Granted(attempt) = attempts.sign_in_at(network(1), "somebody", now) else {
                panic!("slowed at {now}");
            };
            attempt.give_back();
        }
    }

    #[test]
    fn sign_ups_are_limited_per_network_unless_switched_off() {
        let attempts = Attempts::new(100);
        let made = (0..200).filter(|_| attempts.sign_up(network(1)).is_ok()).count();
        assert_eq!(made, 100);
        assert!(attempts.sign_up(network(1)).is_err_and(|wait| wait <= Duration::from_secs(36)));
        assert!(attempts.sign_up(network(2)).is_ok());
        let unlimited = Attempts::new(0);
        assert!((0..10_000).all(|_| unlimited.sign_up(network(1)).is_ok()));
    }
}
