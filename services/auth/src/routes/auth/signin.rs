use axum::extract::State;
use axum::http::HeaderMap;
use ddb_core::json::Json;
use ddb_core::{Error, Result};
use ddb_http::{Answer, ApiResult, Context, Fields, JsonBody, Query, SmallJsonBody, refusal};

use super::tokens;
use crate::body;
use crate::db::account;
use crate::email::Email;
use crate::password::Password;
use crate::state::Auth;
use ddb_http::limit::Network;

struct SignIn {
    email: Email,
    password: Password,
}

impl SignIn {
    fn read(body: Json) -> Result<Self> {
        let mut fields = Fields::of(body)?;
        let email = Email::parse(&fields.string("email")?)?;
        let password = body::entered(&mut fields, "password")?;
        fields.end()?;
        Ok(Self { email, password })
    }
}

/// Signs in with an email address and a password
///
/// An unknown address, a wrong password and a ban get the same answer: 401.
#[utoipa::path(
    post,
    path = "/api/auth/signin",
    operation_id = "signIn",
    tag = "accounts",
    request_body = ddb_api::auth::SignIn,
    responses(
        (status = OK, description = "The tokens and their user", body = ddb_api::auth::Tokens),
        refusal::WrongCredentials,
        refusal::RateLimited,
    ),
    security(()),
)]
pub(crate) async fn signin(
    State(auth): State<Auth>,
    context: Context,
    headers: HeaderMap,
    Query(()): Query<()>,
    JsonBody(body): SmallJsonBody,
) -> ApiResult<Answer> {
    let SignIn { email, password } = SignIn::read(body)?;
    let network = Network::of(context.peer);
    let (attempt, place) = auth.attempt(context.namespace, network, &email).await?;
    let account = match account::with_email(auth.database.store().pool(), context.namespace, &email).await {
        Ok(account) => account,
        Err(error) => {
            // Nothing was compared: a database that is away locks nobody out.
            attempt.give_back();
            return Err(error.into());
        }
    };
    let verdict = auth.is_right(attempt, &place, password.clone(), account.as_ref()).await?;
    let (Some(account), Some(verdict)) = (account, verdict) else { return Err(wrong().into()) };
    let rehashed = auth.rehashed(&place, verdict, password).await;
    let entered = auth.enter((context.namespace, &context.namespace_name), &account, rehashed, network, &headers).await?;
    Ok(tokens(&entered.ok_or_else(wrong)?)?)
}

/// The same for an unknown address, a wrong password and a ban.
fn wrong() -> Error {
    Error::unauthenticated("the address or the password is wrong")
}
