use ddb_core::{Error, Result};
use ddb_runtime::{Setting, Settings};
use zeroize::Zeroizing;

use crate::config::{Config, FirstAdmin};

impl Config {
    pub const SETTINGS: &[Setting] = &[
        Setting::new("admin_email", "ADDRESS", "The first admin, made at start where there is none yet"),
        Setting::new("admin_password", "TEXT", "The first admin's password").secret(),
        Setting::new("signup_limit", "NUMBER", "Sign-ups that one address may make in an hour; 0: any number").default("100"),
    ];

    pub fn read(settings: &Settings) -> Result<Self> {
        let first_admin = match (settings.text("admin_email"), settings.text("admin_password")) {
            (Some(email), Some(password)) => {
                Some(FirstAdmin { email: email.to_owned(), password: Zeroizing::new(password.to_owned()) })
            }
            (None, None) => None,
            _ => return Err(Error::bad_request("`admin_email` and `admin_password` must be set together")),
        };
        let defaults = Self::default();
        Ok(Self {
            // Read by the runtime too, because every process checks it.
            issuer: settings.text("issuer").map_or(defaults.issuer, str::to_owned),
            first_admin,
            sign_ups_per_hour: settings.parsed("signup_limit", "a whole number")?.unwrap_or(defaults.sign_ups_per_hour),
        })
    }
}
