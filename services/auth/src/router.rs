use ddb_http::{Routes, routes};

use crate::routes::{auth, well_known};
use crate::state::Auth;

pub(crate) fn routes(state: Auth) -> Routes {
    Routes::new()
        .chapter("accounts", "Sign-up, sign-in, tokens, sessions, and the caller's own account.")
        .with(routes!(auth::signup))
        .with(routes!(auth::signin))
        .with(routes!(auth::refresh))
        .with(routes!(auth::signout))
        .with(routes!(auth::me, auth::change_me, auth::erase_me))
        .with(routes!(auth::export))
        .with(routes!(auth::password))
        .with(routes!(auth::sessions::list, auth::sessions::end_all))
        .with(routes!(auth::sessions::end))
        .with(routes!(well_known::jwks))
        .with_state(state)
}
