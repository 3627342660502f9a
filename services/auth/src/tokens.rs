use std::time::{SystemTime, UNIX_EPOCH};

use ddb_api::auth::{TokenType, Tokens, User};
use ddb_core::{NamespaceId, NamespaceName, Object, Principal, RecordKey, Result, TableName, Uuid, Value};
use ddb_database::authenticator::access_token::{Claims, LIFETIME};

use crate::account_id;
use crate::db::account::Account;
use crate::refresh_token::RefreshToken;
use crate::state::Auth;

impl Auth {
    /// An access token and the `counter`-th refresh token of a session.
    pub(crate) async fn tokens(
        &self,
        namespace: &NamespaceName,
        user: User,
        account: &Account,
        session: Uuid,
        counter: i64,
    ) -> Result<Tokens> {
        // Before 1970 no token is valid anyway.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        let claims = Claims {
            iss: self.issuer.to_string(),
            aud: namespace.as_str().to_owned(),
            sub: Claims::subject(&account.id),
            sid: session,
            iat: now,
            exp: now + LIFETIME.as_secs() as i64,
            nbf: None,
            epoch: account.epoch,
        };
        Ok(Tokens {
            user,
            access_token: self.signer.sign(&claims).await?,
            refresh_token: self.refresh_tokens.write(RefreshToken { session, counter }),
            token_type: TokenType::Bearer,
            expires_in: LIFETIME.as_secs(),
        })
    }

    /// The account as its owner sees it, with the name of its profile.
    pub(crate) async fn user(&self, namespace: NamespaceId, account: &Account) -> Result<User> {
        Ok(user(account, &self.profile(namespace, account).await?))
    }

    /// The fields of the account's record.
    pub(crate) async fn profile(&self, namespace: NamespaceId, account: &Account) -> Result<Object> {
        let session = self.database.session(Principal::System, namespace, None);
        let profile = session.get(&TableName::user(), &RecordKey::String(account.id.clone())).await;
        match profile {
            Ok(profile) => Ok(profile.data.fields),
            // Before records of accounts could no longer be deleted, some were.
            Err(error) if error.code() == ddb_core::ErrorCode::NotFound => Ok(Object::new()),
            Err(error) => Err(error),
        }
    }
}

pub(crate) fn user(account: &Account, profile: &Object) -> User {
    let name = match profile.get("name") {
        Some(Value::String(name)) => Some(name.clone()),
        _ => None,
    };
    User {
        id: account_id::shown(&account.id),
        email: account.email.clone(),
        name,
        roles: account.roles.clone(),
        verified: account.verified,
        created: account.created.to_rfc3339(),
    }
}
