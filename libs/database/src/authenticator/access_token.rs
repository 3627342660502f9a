use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an access token is good for.
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// `typ` of RFC 9068: no other token of ours can be taken for one that gives access.
pub const TYPE: &str = "at+jwt";
/// What `sub` begins with: it is the id of the account's record.
const SUBJECT_PREFIX: &str = "user:";
/// How far another machine's clock may be ahead.
const SKEW_SECONDS: i64 = 60;
/// A token that claims to live longer than any that we make is not ours.
const LONGEST_SECONDS: i64 = 60 * 60;
const MAX_BYTES: usize = 4096;

/// What an access token says. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    /// The namespace's name.
    pub aud: String,
    /// `user:<account>`.
    pub sub: String,
    pub sid: Uuid,
    pub iat: i64,
    pub exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// The account's, when the token was made.
    pub epoch: i64,
}

impl Claims {
    pub fn subject(account: &str) -> String {
        format!("{SUBJECT_PREFIX}{account}")
    }

    pub(super) fn account(&self) -> Option<&str> {
        self.sub.strip_prefix(SUBJECT_PREFIX)
    }
}

/// Exactly these: a header that points to a key of its own (`jwk`, `jku`, `x5u`) or asks for anything else (`crit`) is not ours.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub alg: String,
    pub typ: String,
    pub kid: String,
}

/// The id of the key that the token says it is signed with; None where it cannot be one of our access tokens.
pub(super) fn key_id(token: &str) -> Option<String> {
    if token.len() > MAX_BYTES {
        return None;
    }
    let mut parts = token.split('.');
    let (Some(header), Some(_), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    (header.alg == "RS256" && header.typ == TYPE && !signature.is_empty()).then_some(header.kid)
}

/// The claims, where the signature, the issuer and the times are right; the rest needs the account. `now` is seconds since 1970.
pub(super) fn verify(token: &str, key: &DecodingKey, issuer: &str, now: i64) -> Option<Claims> {
    let mut validation = Validation::new(Algorithm::RS256);
    // Checked below, in whole seconds and strictly: the library would round floats and allow an expired token its skew.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims: Claims = jsonwebtoken::decode(token, key, &validation).ok()?.claims;
    let timely = claims.exp > now
        && claims.iat <= now + SKEW_SECONDS
        && claims.nbf.is_none_or(|nbf| nbf <= now + SKEW_SECONDS)
        && claims.exp.checked_sub(claims.iat).is_some_and(|lifetime| (1..=LONGEST_SECONDS).contains(&lifetime));
    (timely && claims.iss == issuer).then_some(claims)
}
