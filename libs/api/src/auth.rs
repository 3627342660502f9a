//! What `/api/auth/*` answers.

use serde::Serialize;
use uuid::Uuid;

/// How an account shows itself to its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// `user:<key>`.
    pub id: String,
    /// In its canonical form.
    pub email: String,
    /// The profile's field `name`, where it is a string.
    pub name: Option<String>,
    pub roles: Vec<String>,
    pub verified: bool,
    /// RFC 3339.
    pub created: String,
}

/// A new pair of tokens and whose they are.
#[derive(Serialize)]
pub struct Tokens {
    pub user: User,
    pub access_token: String,
    pub refresh_token: String,
    pub token_type: TokenType,
    /// Seconds until the access token ends.
    pub expires_in: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum TokenType {
    Bearer,
}

/// A device that is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    pub id: Uuid,
    /// RFC 3339.
    pub created: String,
    /// When its tokens were last made anew; RFC 3339.
    pub refreshed: String,
    pub user_agent: Option<String>,
    /// Of the network it signed in from: an IPv4 address, or the first 64 bits of an IPv6 address.
    pub address: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// `{"data":[…]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sessions {
    pub data: Vec<Session>,
}

/// A session as an export has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredSession {
    /// RFC 3339.
    pub created: String,
    /// When its tokens were last made anew; RFC 3339.
    pub refreshed: String,
    /// RFC 3339; null while it lives.
    pub ended: Option<String>,
    pub user_agent: Option<String>,
    pub address: Option<String>,
}

/// The public keys of RFC 7517.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwks {
    pub keys: Vec<Jwk>,
}

/// An RSA public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    pub kty: &'static str,
    #[serde(rename = "use")]
    pub usage: &'static str,
    pub alg: &'static str,
    pub kid: String,
    pub n: String,
    pub e: String,
}
