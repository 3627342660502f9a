use serde::{Deserialize, Serialize};

use super::class::Class;

/// Requests each second that are let through; 0: any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Of one network, whoever asks.
    pub network: u32,
    /// Of one network, without an access token that is known.
    pub anonymous: ClassRates,
    /// Of one account, from wherever.
    pub account: ClassRates,
}

/// The same by what requests are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassRates {
    pub read: u32,
    pub write: u32,
    pub auth: u32,
    pub other: u32,
}

/// What was changed while the server ran; None: as the process was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RateChanges {
    pub network: Option<u32>,
    pub anonymous: ClassChanges,
    pub account: ClassChanges,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClassChanges {
    pub read: Option<u32>,
    pub write: Option<u32>,
    pub auth: Option<u32>,
    pub other: Option<u32>,
}

impl RateLimits {
    /// The most that can be set.
    pub const MOST: u32 = 1_000_000;
    pub const DEFAULT: Self = Self {
        network: 2000,
        anonymous: ClassRates { read: 200, write: 50, auth: 20, other: 100 },
        account: ClassRates { read: 1000, write: 500, auth: 50, other: 200 },
    };
    /// Nobody is refused.
    pub const NONE: Self = Self { network: 0, anonymous: ClassRates::NONE, account: ClassRates::NONE };

    #[must_use]
    pub fn with(self, changes: RateChanges) -> Self {
        Self {
            network: changes.network.unwrap_or(self.network),
            anonymous: self.anonymous.with(changes.anonymous),
            account: self.account.with(changes.account),
        }
    }

    /// A number of requests each second, as it is set; None where it is none.
    pub fn number(text: &str) -> Option<u32> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| digits && *number <= Self::MOST)
    }
}

impl RateChanges {
    /// Under which name they are stored.
    pub const SETTING: &str = "rate_limits";
}

impl ClassRates {
    const NONE: Self = Self { read: 0, write: 0, auth: 0, other: 0 };

    /// `1000`: for each class; `read=1000,auth=0`: for some of them, the others as they are.
    #[must_use]
    pub fn set(self, text: &str) -> Option<Self> {
        if let Some(number) = RateLimits::number(text) {
            return Some(Self { read: number, write: number, auth: number, other: number });
        }
        let mut set = self;
        for part in text.split(',') {
            let (name, number) = part.trim().split_once('=')?;
            let rate = match name {
                "read" => &mut set.read,
                "write" => &mut set.write,
                "auth" => &mut set.auth,
                "other" => &mut set.other,
                _ => return None,
            };
            *rate = RateLimits::number(number)?;
        }
        Some(set)
    }

    pub(super) fn of(self, class: Class) -> u32 {
        match class {
            Class::Read => self.read,
            Class::Write => self.write,
            Class::Auth => self.auth,
            Class::Other => self.other,
        }
    }

    fn with(self, changes: ClassChanges) -> Self {
        Self {
            read: changes.read.unwrap_or(self.read),
            write: changes.write.unwrap_or(self.write),
            auth: changes.auth.unwrap_or(self.auth),
            other: changes.other.unwrap_or(self.other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_set_for_all_classes_or_for_some() {
        let rates = ClassRates { read: 4, write: 3, auth: 2, other: 1 };
        for (text, expected) in [
            ("0", Some([0, 0, 0, 0])),
            ("70", Some([70, 70, 70, 70])),
            ("read=1000", Some([1000, 3, 2, 1])),
            ("read=10, auth=0", Some([10, 3, 0, 1])),
            ("other=9,write=8", Some([4, 8, 2, 9])),
            ("", None),
            ("read", None),
            ("read=", None),
            ("read=-1", None),
            ("read=+1", None),
            ("read=1000001", None),
            ("reads=1", None),
            ("read=1,", None),
        ] {
            let set = rates.set(text).map(|rates| [rates.read, rates.write, rates.auth, rates.other]);
            assert_eq!(set, expected, "{text}");
        }
    }
}
