use axum::http::HeaderMap;
use ddb_api::auth::Tokens;
use ddb_api::bus::Revoked;
use ddb_core::{Error, ErrorCode, NamespaceId, NamespaceName, Result};
use ddb_store::identity::{self, REVOKED};
use ddb_store::to_error;

use crate::attempts::{Attempt, Permission};
use crate::db::account::{self, Account};
use crate::db::session;
use crate::device::new_session;
use crate::email::Email;
use crate::hasher::{Place, Verdict};
use crate::password::Password;
use crate::state::Auth;
use ddb_http::limit::Network;

impl Auth {
    /// A permission to compare one password, and a place to do it, or `RATE_LIMITED`. The same for addresses that have an account and those that have none.
    pub(crate) async fn attempt(&self, namespace: NamespaceId, network: Network, email: &Email) -> Result<(Attempt<'_>, Place)> {
        let attempt = self.permission(namespace, network, email).await?;
        match self.hasher.place() {
            Ok(place) => Ok((attempt, place)),
            Err(error) => {
                attempt.give_back();
                Err(error)
            }
        }
    }

    async fn permission(&self, namespace: NamespaceId, network: Network, email: &Email) -> Result<Attempt<'_>> {
        match self.attempts.sign_in(network, &format!("{namespace}:{}", email.as_str())) {
            Permission::Granted(attempt) => Ok(attempt),
            Permission::Refused(wait) => Err(too_many(wait)),
            Permission::Familiar(attempt, wait) => {
                match session::is_familiar(self.database.store().pool(), namespace, email, network).await {
                    Ok(true) => return Ok(attempt),
                    Ok(false) => {}
                    Err(error) => {
                        attempt.give_back();
                        return Err(error);
                    }
                }
                attempt.give_back();
                Err(too_many(wait))
            }
        }
    }

    /// Whether the password is the account's; takes as long without an account. A wrong one uses up the attempt.
    pub(crate) async fn is_right(
        &self,
        attempt: Attempt<'_>,
        place: &Place,
        password: Password,
        account: Option<&Account>,
    ) -> Result<Option<Verdict>> {
        let hash = account.and_then(|account| account.password_hash.clone());
        match place.verify(password, hash).await {
            Ok(Verdict::Wrong) => Ok(None),
            Ok(verdict) => {
                attempt.give_back();
                Ok(Some(verdict))
            }
            Err(error) => {
                // Nothing was compared.
                attempt.give_back();
                Err(error)
            }
        }
    }

    /// A new session of an account whose password was right, if it is still the account's and nobody has banned it meanwhile; None otherwise.
    pub(crate) async fn enter(
        &self,
        (namespace, namespace_name): (NamespaceId, &NamespaceName),
        checked: &Account,
        rehashed: Option<String>,
        network: Network,
        headers: &HeaderMap,
    ) -> Result<Option<Tokens>> {
        let new = new_session(&checked.id, network, headers);
        let mut transaction = self.database.store().pool().begin().await.map_err(to_error)?;
        let Some(account) = account::lock(&mut transaction, namespace, &checked.id).await? else { return Ok(None) };
        if account.banned || account.password_hash != checked.password_hash {
            return Ok(None);
        }
        if let Some(hash) = rehashed {
            account::rehash(&mut transaction, namespace, &account.id, &hash).await?;
        }
        session::insert(&mut transaction, namespace, &new).await?;
        let ended = session::end_excess(&mut transaction, namespace, &account.id).await?;
        session::forget_excess(&mut transaction, namespace, &account.id).await?;
        let revoked = Revoked::account(namespace, &account.id);
        if ended > 0 {
            identity::notify(&mut *transaction, REVOKED, &revoked.to_json()).await?;
        }
        transaction.commit().await.map_err(to_error)?;
        if ended > 0 {
            self.authenticator.revoked(&revoked).await;
        }
        let user = self.user(namespace, &account).await?;
        Ok(Some(self.tokens(namespace_name, user, &account, new.id, 1).await?))
    }

    /// The new hash of a password whose old one was made with other parameters. If that fails, the next sign-in does it.
    pub(crate) async fn rehashed(&self, place: &Place, verdict: Verdict, password: Password) -> Option<String> {
        match verdict {
            Verdict::RightButOld => place.hash(password).await.ok(),
            Verdict::Right | Verdict::Wrong => None,
        }
    }
}

fn too_many(wait: std::time::Duration) -> Error {
    Error::new(ErrorCode::RateLimited, "too many attempts; wait before the next one").with_retry_after(wait)
}
