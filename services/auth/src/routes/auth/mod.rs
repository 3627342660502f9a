//! `/api/auth/…`

mod export;
mod me;
mod password;
mod refresh;
pub(crate) mod sessions;
mod signin;
mod signout;
mod signup;

use ddb_api::auth::Tokens;
use ddb_core::{Error, Result};
use ddb_http::Answer;
use serde::Serialize;

pub(crate) use export::*;
pub(crate) use me::*;
pub(crate) use password::*;
pub(crate) use refresh::*;
pub(crate) use signin::*;
pub(crate) use signout::*;
pub(crate) use signup::*;

fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(Error::internal)
}

fn tokens(tokens: &Tokens) -> Result<Answer> {
    Ok(Answer::ok(json(tokens)?))
}
