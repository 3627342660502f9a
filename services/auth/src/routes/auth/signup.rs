use axum::extract::State;
use axum::http::HeaderMap;
use ddb_core::json::Json;
use ddb_core::{Error, ErrorCode, Object, Principal, Result};
use ddb_database::NewRecord;
use ddb_http::{Answer, ApiResult, Context, Fields, JsonBody, Query, SmallJsonBody};
use ddb_store::system::NewAccount;

use super::json;
use crate::account_id;
use crate::body;
use crate::db::account::Account;
use crate::device::new_session;
use crate::email::Email;
use crate::network::Network;
use crate::password::Password;
use crate::state::Auth;
use crate::tokens;

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
        body::check_profile(&rest, &["$ttl"])?;
        let profile = NewRecord::for_replace(Json::Object(rest))?.fields;
        Ok(Self { email, password, profile })
    }
}

/// `POST /api/auth/signup` `{email,password,name?,…profile fields}` → 201 tokens; 409 where the address is taken, in the same time.
pub(crate) async fn signup(
    State(auth): State<Auth>,
    context: Context,
    headers: HeaderMap,
    Query(()): Query<()>,
    JsonBody(body): SmallJsonBody,
) -> ApiResult<Answer> {
    let SignUp { email, password, profile } = SignUp::read(body)?;
    let network = Network::of(context.peer.ip());
    auth.attempts
        .sign_up(network)
        .map_err(|wait| Error::new(ErrorCode::RateLimited, "too many sign-ups from this address").with_retry_after(wait))?;
    let password_hash = auth.hasher.place()?.hash(password).await?;
    let id = account_id::new()?;
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
