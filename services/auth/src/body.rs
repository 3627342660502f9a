//! What the bodies of several routes have in common.

use ddb_core::json::Json;
use ddb_core::{Error, Result};
use ddb_http::Fields;
use zeroize::Zeroizing;

use crate::password::Password;

/// What the server says of an account: nobody can say it in a body.
const OF_THE_SERVER: [&str; 2] = ["roles", "verified"];

/// A password that is to be compared with the account's.
pub(crate) fn entered(fields: &mut Fields, name: &str) -> Result<Password> {
    Password::enter(Zeroizing::new(fields.string(name)?), name)
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
