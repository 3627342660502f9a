use std::net::IpAddr;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use ddb_core::{Error, Principal, RequestId, Result};
use ddb_database::{Authenticator, Database, Session};

use crate::{ApiError, context};

/// Who asks, as a value that the handler passes on: the door in the caller's name.
pub struct Caller {
    pub session: Session,
    pub request_id: RequestId,
    /// Where the request comes from.
    pub peer: IpAddr,
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Authenticator: FromRef<S>,
    Database: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let principal = match bearer(&parts.headers)? {
            Some(token) => Authenticator::from_ref(state).authenticate(token).await?,
            None => Principal::Anonymous,
        };
        let context = context::of(parts)?;
        let of_another =
            || Error::unauthenticated("the access token is of another namespace than the one that the request names");
        let principal = principal.within(context.namespace).ok_or_else(of_another)?;
        if let Principal::Root(account) = &principal {
            // The namespace's own log has no actor for it.
            tracing::info!(account = %account.key.literal(), namespace = %context.namespace_name, method = %parts.method, "root");
        }
        let session = Database::from_ref(state).session(principal, context.namespace, Some(context.request_id.clone()));
        Ok(Self { session, request_id: context.request_id.clone(), peer: context.peer })
    }
}

/// The token of `Authorization: Bearer …`. A header that is there and has another form is refused: taking it for anonymous would hide the mistake.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        let token = token.trim_matches(' ');
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(' ')).then_some(token)
    });
    match (token, values.next()) {
        (Some(token), None) => Ok(Some(token)),
        _ => Err(Error::unauthenticated("the header `authorization` must be `Bearer <token>`, once")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Option<String>> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().expect("a header value"));
        }
        bearer(&headers).map(|token| token.map(str::to_owned))
    }

    #[test]
    fn no_header_is_anonymous() {
        assert_eq!(read(&[]).expect("no error"), None);
    }

    #[test]
    fn the_scheme_is_case_insensitive() {
        for value in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(read(&[value]).expect("no error").as_deref(), Some("abc"), "{value}");
        }
    }

    #[test]
    fn any_other_form_is_refused() {
        for values in [&["abc"][..], &["Bearer"], &["Bearer "], &["Basic abc"], &["Bearer a b"], &["Bearer a", "Bearer a"]] {
            assert!(read(values).is_err(), "{values:?}");
        }
    }
}
