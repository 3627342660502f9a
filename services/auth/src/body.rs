//! What the bodies of several routes have in common.

use ddb_core::json::Json;
use ddb_core::{Error, Result, Timestamp};
use ddb_http::Fields;
use zeroize::Zeroizing;

use crate::account_id;
use crate::db::account::Account;
use crate::email::Email;
use crate::password::Password;

/// What the server says of an account: nobody can say it in a body.
const OF_THE_SERVER: [&str; 2] = ["roles", "verified"];

/// A password that is to be compared with the account's.
pub(crate) fn entered(fields: &mut Fields, name: &str) -> Result<Password> {
    Password::enter(Zeroizing::new(fields.string(name)?), name)
}

/// The same where the body has one.
pub(crate) fn entered_if_any(fields: &mut Fields, name: &str) -> Result<Option<Password>> {
    fields.optional_string(name)?.map(|text| Password::enter(Zeroizing::new(text), name)).transpose()
}

/// A password that the account is to have.
pub(crate) fn chosen(fields: &mut Fields, name: &str) -> Result<Password> {
    Password::choose(Zeroizing::new(fields.string(name)?), name)
}

/// Checks what is left of a body as a profile's fields, apart from what every record's fields are checked for.
pub(crate) fn check_profile(fields: &[(String, Json)], also_refused: &[&str]) -> Result<()> {
    for (name, value) in fields {
        if OF_THE_SERVER.contains(&name.as_str()) || also_refused.contains(&name.as_str()) {
            return Err(Error::invalid(name, "RESERVED", format!("`{name}` is not set here")));
        }
        if name == "name" && !matches!(value, Json::String(_) | Json::Null) {
            return Err(Error::invalid(name, "TYPE", "`name` must be a string"));
        }
    }
    Ok(())
}

/// Takes out of a profile's fields what only repeats the account, as `GET /api/auth/me` shows it.
pub(crate) fn leave_out_account(fields: &mut Vec<(String, Json)>, account: &Account) {
    fields.retain(|(name, value)| {
        let repeats = match (name.as_str(), value) {
            ("id", Json::String(id)) => *id == account_id::shown(&account.id) || *id == account.id,
            ("email", Json::String(email)) => Email::parse(email).is_ok_and(|email| email.as_str() == account.email),
            ("roles", Json::Array(roles)) => {
                roles.len() == account.roles.len()
                    && roles.iter().zip(&account.roles).all(|(given, role)| matches!(given, Json::String(given) if given == role))
            }
            ("verified", Json::Bool(verified)) => *verified == account.verified,
            ("created", Json::String(created)) => Timestamp::parse_rfc3339(created).is_ok_and(|time| time == account.created),
            _ => false,
        };
        !repeats
    });
}
