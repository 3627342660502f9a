use axum::extract::State;
use axum::http::HeaderMap;
use ddb_core::json::Json;
use ddb_core::{Error, ErrorCode, Object, Principal, Result, TableName};
use ddb_database::NewRecord;
use ddb_http::{Answer, ApiResult, Context, Fields, JsonBody, Query, SmallJsonBody, refusal};
use ddb_store::system::NewAccount;

use super::json;
use crate::account_id;
use crate::body;
use crate::db::account::Account;
use crate::device::new_session;
use crate::email::Email;
use crate::password::Password;
use crate::state::Auth;
use crate::tokens;
use ddb_http::limit::Network;

struct SignUp {
    email: Email,
    password: Password,
    profile: Object,
}

impl SignUp {
    fn read(body: Json) -> Result<Self> {
        let mut fields = Fields::of(body)?;
        let email = Email::parse(&fields.string("email")?)?;
        let password = body::chosen(&mut fields, "password")?;
        let rest = fields.rest();
        body::check_profile(&rest, &["$ttl", "id"])?;
        let profile = NewRecord::for_create(&TableName::user(), Json::Object(rest))?.fields;
        Ok(Self { email, password, profile })
    }
}

/// Creates an account and signs it in
///
/// Further fields of the body become fields of the profile, the record `user:…`. An address that is taken is 409, and takes as long.
#[utoipa::path(
    post,
    path = "/api/auth/signup",
    operation_id = "signUp",
    tag = "accounts",
    request_body = ddb_api::auth::SignUp,
    responses(
        (status = CREATED, description = "The tokens and their user", body = ddb_api::auth::Tokens),
        refusal::QuotaExceeded,
        refusal::Conflict,
        refusal::RateLimited,
    ),
    security(()),
)]
pub(crate) async fn signup(
    State(auth): State<Auth>,
    context: Context,
    headers: HeaderMap,
    Query(()): Query<()>,
    JsonBody(body): SmallJsonBody,
) -> ApiResult<Answer> {
    let SignUp { email, password, profile } = SignUp::read(body)?;
    let network = Network::of(context.peer);
    auth.attempts
        .sign_up(network)
        .map_err(|wait| Error::new(ErrorCode::RateLimited, "too many sign-ups from this address").with_retry_after(wait))?;
    let password_hash = auth.hasher.place()?.hash(password).await?;
    let id = account_id::new();
    let session = new_session(&id, network, &headers);
    let new = NewAccount {
        id: id.clone(),
        email: email.as_str().to_owned(),
        password_hash: Some(password_hash),
        roles: Vec::new(),
        verified: false,
    };
    let system = auth.database.session(Principal::System, context.namespace, Some(context.request_id));
    let session_id = session.id;
    let made = system.sign_up(new, profile, Some(session)).await?;
    let account = Account {
        id,
        email: email.as_str().to_owned(),
        password_hash: None,
        roles: Vec::new(),
        verified: false,
        banned: false,
        epoch: 1,
        created: made.data.created,
    };
    let user = tokens::user(&account, &made.data.fields);
    let tokens = auth.tokens(&context.namespace_name, user, &account, session_id, 1).await?;
    Ok(Answer::created(json(&tokens)?).tx(made.tx))
}
