use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use ddb_core::{Error, ErrorCode, NamespaceId, NamespaceName, Principal, RecordKey, Uuid};
use ddb_http::{ApiError, Caller, Context};

use crate::state::Auth;
use ddb_http::limit::Network;

/// A caller who is signed in with a session of his own.
pub(crate) struct SignedIn {
    pub(crate) caller: Caller,
    pub(crate) namespace: NamespaceId,
    pub(crate) namespace_name: NamespaceName,
    pub(crate) account: String,
    pub(crate) session: Uuid,
    pub(crate) network: Network,
}

impl FromRequestParts<Auth> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, auth: &Auth) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, auth).await?;
        let account = match caller.session.principal().clone() {
            Principal::Account(account) => account,
            Principal::Root(_) => {
                return Err(Error::new(ErrorCode::PermissionDenied, "your account is not of this namespace").into());
            }
            Principal::Anonymous | Principal::System => return Err(Error::unauthenticated("sign in first").into()),
        };
        let (RecordKey::String(id), Some(session)) = (&account.key, account.session) else {
            return Err(Error::unauthenticated("sign in with e-mail and password first").into());
        };
        let namespace_name = Context::from_request_parts(parts, auth).await?.namespace_name;
        let network = Network::of(caller.peer);
        Ok(Self { namespace: account.namespace, namespace_name, account: id.clone(), session, network, caller })
    }
}
