//! What admins and root ask for.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What is erased, `records` or a `user`, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"records": ["tasks:1"], "reason": "asked for by the person concerned"}))]
pub struct Erase {
    /// Ids of records.
    #[schema(min_items = 1, max_items = 100)]
    pub records: Option<Vec<String>>,
    /// `user:…`: the account, and all that it owned.
    pub user: Option<String>,
    /// Stays in the log: it must not hold what would have to be erased itself.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// How many of the records were known.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Erased {
    #[schema(minimum = 0, example = 1)]
    pub erased: i64,
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
}

/// An erasure that took place.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Erasure {
    #[schema(minimum = 1, example = 42)]
    pub tx: i64,
    /// RFC 3339.
    #[schema(example = "2026-11-22T10:00:00.000000Z")]
    pub time: String,
    /// Null for the system, and for who was erased since.
    #[schema(required, example = "user:b0cd2a4f7e11")]
    pub actor: Option<String>,
    #[schema(required, example = "7d1c0a94c1f24f0f")]
    pub request_id: Option<String>,
    #[schema(example = "asked for by the person concerned")]
    pub reason: String,
    /// Whether it was that of an account.
    pub user: bool,
    #[schema(minimum = 0, example = 1)]
    pub records: i64,
    /// When nothing was left in PostgreSQL's tables; RFC 3339, null before.
    #[schema(required, example = "2026-11-22T10:00:01.000000Z")]
    pub finished: Option<String>,
}

/// Whose share of the limits is shown.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QuotaParameters {
    /// `user:…`: what that one holds
    #[param(nullable = false, pattern = "^user:.+$")]
    pub owner: Option<String>,
}

/// Limits of a namespace and of each owner, and what they hold.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Quotas {
    pub state: QuotaState,
    pub namespace: Quota,
    pub owner: Quota,
}

/// Whether limits are set and what is there is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(example = "enforced")]
pub enum QuotaState {
    Off,
    Counting,
    Enforced,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Quota {
    pub records: Limited,
    pub bytes: Limited,
}

/// What is not limited, or not known, is null.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(example = json!({"limit": 100_000, "used": 1}))]
pub struct Limited {
    #[schema(required)]
    pub limit: Option<i64>,
    #[schema(required)]
    pub used: Option<i64>,
}

/// The limits to change.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"owner": {"records": 100_000, "bytes": null}}))]
pub struct QuotaChange {
    /// For root.
    #[schema(nullable = false)]
    pub namespace: Option<LimitsChange>,
    #[schema(nullable = false)]
    pub owner: Option<LimitsChange>,
}

/// Null takes a limit away; what is absent stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsChange {
    #[schema(minimum = 0)]
    pub records: Option<i64>,
    #[schema(minimum = 0)]
    pub bytes: Option<i64>,
}

/// Requests each second that are let through, and five times as many at once; 0 is any number.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct RateLimits {
    /// Of one network, whoever asks.
    #[schema(example = 2000)]
    pub network: u32,
    /// Of one network, without an access token.
    pub anonymous: ClassRates,
    /// Of one account.
    pub account: ClassRates,
}

/// By what requests are for.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(example = json!({"read": 1000, "write": 500, "auth": 50, "other": 200}))]
pub struct ClassRates {
    pub read: u32,
    pub write: u32,
    pub auth: u32,
    pub other: u32,
}

/// The limits to change; null is what the process was started with, and what is absent stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"network": 0, "account": {"read": 100_000, "write": null}}))]
pub struct RateLimitsChange {
    #[schema(maximum = 1_000_000)]
    pub network: Option<u32>,
    #[schema(nullable = false)]
    pub anonymous: Option<ClassRatesChange>,
    #[schema(nullable = false)]
    pub account: Option<ClassRatesChange>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassRatesChange {
    #[schema(maximum = 1_000_000)]
    pub read: Option<u32>,
    #[schema(maximum = 1_000_000)]
    pub write: Option<u32>,
    #[schema(maximum = 1_000_000)]
    pub auth: Option<u32>,
    #[schema(maximum = 1_000_000)]
    pub other: Option<u32>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNamespace {
    #[schema(pattern = "^[A-Za-z_][A-Za-z0-9_]{0,62}$", example = "staging")]
    pub name: String,
}

/// A namespace, with its newest transaction.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Namespace {
    #[schema(example = "staging")]
    pub name: String,
    #[schema(example = "3b1f1d0e-6b6c-4a7e-9d1e-0a8f5a1f6c11")]
    pub uuid: String,
    /// RFC 3339.
    #[schema(example = "2026-11-22T10:00:00.000000Z")]
    pub created: String,
    #[schema(required, example = "user:b0cd2a4f7e11")]
    pub created_by: Option<String>,
    #[schema(minimum = 0, example = 0)]
    pub tx: i64,
}
