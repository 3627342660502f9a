use axum::Router;
use axum::routing::{delete, get, post};

use crate::routes::{auth, well_known};
use crate::state::Auth;

pub(crate) fn router(state: Auth) -> Router {
    Router::new()
        .route("/api/auth/signup", post(auth::signup))
        .route("/api/auth/signin", post(auth::signin))
        .route("/api/auth/refresh", post(auth::refresh))
        .route("/api/auth/signout", post(auth::signout))
        .route("/api/auth/me", get(auth::me).patch(auth::change_me).delete(auth::erase_me))
        .route("/api/auth/me/export", get(auth::export))
        .route("/api/auth/password", post(auth::password))
        .route("/api/auth/sessions", get(auth::sessions::list).delete(auth::sessions::end_all))
        .route("/api/auth/sessions/{id}", delete(auth::sessions::end))
        .route("/.well-known/jwks.json", get(well_known::jwks))
        .with_state(state)
}
