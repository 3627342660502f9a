//! What `/api/auth/*` takes and answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::data::{Action, Record};

/// The account of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "user:b0cd2a4f7e11",
    "email": "dev@example.com",
    "name": null,
    "roles": [],
    "verified": false,
    "created": "2026-11-22T10:00:00.000000Z",
}))]
pub struct User {
    /// `user:<key>`.
    pub id: String,
    /// The address in its canonical form.
    pub email: String,
    /// The field `name` of the profile, if it is a string.
    #[schema(required)]
    pub name: Option<String>,
    pub roles: Vec<String>,
    pub verified: bool,
    /// RFC 3339.
    pub created: String,
}

/// The account of the caller, with the fields of its profile. A field of the profile that has the name of one of these fields is not shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "user:b0cd2a4f7e11",
    "email": "dev@example.com",
    "name": "Dev",
    "roles": [],
    "verified": false,
    "created": "2026-11-22T10:00:00.000000Z",
    "city": "London",
}))]
pub struct Me {
    /// `user:<key>`.
    pub id: String,
    /// The address in its canonical form.
    pub email: String,
    /// The field `name` of the profile, if it is a string.
    #[schema(required)]
    pub name: Option<String>,
    pub roles: Vec<String>,
    pub verified: bool,
    /// RFC 3339.
    pub created: String,
    /// The other fields of the profile.
    #[serde(flatten)]
    pub profile: BTreeMap<String, Value>,
}

/// A new pair of tokens and their user.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    pub user: User,
    /// A JWT for the header `Authorization: Bearer …`.
    #[schema(example = "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9…")]
    pub access_token: String,
    /// For one use in `POST /api/auth/refresh`.
    #[schema(example = "ddbr_…")]
    pub refresh_token: String,
    pub token_type: TokenType,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    pub expires_in: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum TokenType {
    Bearer,
}

/// A device on which the account is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0b5cf2bf-6c2c-4f2a-8c94-3a2f8cf1f9b0",
    "created": "2026-11-22T10:00:00.000000Z",
    "refreshed": "2026-11-22T10:00:00.000000Z",
    "user_agent": "curl/8.5.0",
    "address": "192.0.2.1",
    "current": true,
}))]
pub struct Session {
    #[schema(value_type = String)]
    pub id: Uuid,
    /// RFC 3339.
    pub created: String,
    /// When the session got its newest tokens; RFC 3339.
    pub refreshed: String,
    #[schema(required)]
    pub user_agent: Option<String>,
    /// Where the sign-in came from: an IPv4 address, or the first 64 bits of an IPv6 address.
    #[schema(required)]
    pub address: Option<String>,
    /// Whether this request belongs to the session.
    pub current: bool,
}

/// The sessions of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sessions {
    pub data: Vec<Session>,
}

/// A session in an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "created": "2026-11-22T10:00:00.000000Z",
    "refreshed": "2026-11-22T10:00:00.000000Z",
    "ended": null,
    "user_agent": "curl/8.5.0",
    "address": "192.0.2.1",
}))]
pub struct StoredSession {
    /// RFC 3339.
    pub created: String,
    /// When the session got its newest tokens; RFC 3339.
    pub refreshed: String,
    /// RFC 3339; null while the session lasts.
    #[schema(required)]
    pub ended: Option<String>,
    #[schema(required)]
    pub user_agent: Option<String>,
    #[schema(required)]
    pub address: Option<String>,
}

/// The public keys of RFC 7517.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Jwks {
    pub keys: Vec<Jwk>,
}

/// An RSA public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "nL0Y…", "n": "uK7h…", "e": "AQAB"}))]
pub struct Jwk {
    pub kty: &'static str,
    #[serde(rename = "use")]
    pub usage: &'static str,
    pub alg: &'static str,
    pub kid: String,
    pub n: String,
    pub e: String,
}

/// Everything that is stored about an account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Export {
    pub account: User,
    pub sessions: Vec<StoredSession>,
    /// The records that the account owns, by table.
    pub records: BTreeMap<String, Vec<Record>>,
    pub activity: Vec<OwnActivity>,
}

/// A change of a record by the account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OwnActivity {
    #[schema(minimum = 1, example = 42)]
    pub tx: i64,
    /// RFC 3339.
    #[schema(example = "2026-11-22T10:00:00.000000Z")]
    pub time: String,
    #[schema(example = "tasks:1")]
    pub id: String,
    pub action: Action,
}

/// A new account. Further fields become fields of the profile, the record `user:…`.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"email": "dev@example.com", "password": "changeme123", "name": "Dev"}))]
pub struct SignUp {
    #[schema(format = Email, max_length = 254)]
    pub email: String,
    /// At most 1,024 bytes.
    #[schema(format = Password, min_length = 8, max_length = 1024)]
    pub password: String,
    pub name: Option<String>,
    #[serde(flatten)]
    pub profile: BTreeMap<String, Value>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "dev@example.com", "password": "changeme123"}))]
pub struct SignIn {
    #[schema(format = Email, max_length = 254)]
    pub email: String,
    #[schema(format = Password, max_length = 1024)]
    pub password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "ddbr_…"}))]
pub struct Refresh {
    pub refresh_token: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current": "changeme123", "new": "correct horse 42 battery"}))]
pub struct PasswordChange {
    #[schema(format = Password, max_length = 1024)]
    pub current: String,
    /// At most 1,024 bytes.
    #[schema(format = Password, min_length = 8, max_length = 1024)]
    pub new: String,
}

/// The password of the account. Within five minutes of a sign-in it may be absent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"password": "changeme123"}))]
pub struct AccountErasure {
    #[schema(format = Password, max_length = 1024, nullable = false)]
    pub password: Option<String>,
}

/// Fields of the profile. The server merges them as a PATCH of a record does. A body may repeat the account's values as `GET` shows them.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"name": "Dev", "city": "London"}))]
pub struct ProfileChange {
    pub name: Option<String>,
    #[serde(flatten)]
    pub profile: BTreeMap<String, Value>,
}
