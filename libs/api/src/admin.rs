//! What admins and root ask for.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What to erase, `records` or a `user`, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"records": ["tasks:1"], "reason": "the person asked for it"}))]
pub struct Erase {
    /// Ids of records.
    #[schema(min_items = 1, max_items = 100)]
    pub records: Option<Vec<String>>,
    /// `user:…`: the account and everything that it owns.
    pub user: Option<String>,
    /// The log keeps this text: do not put into it what must be erased.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// How many records were erased.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Erased {
    #[schema(minimum = 0, example = 1)]
    pub erased: i64,
    #[schema(minimum = 0, example = 42)]
    pub tx: i64,
}

/// An erasure.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Erasure {
    #[schema(minimum = 1, example = 42)]
    pub tx: i64,
    /// RFC 3339.
    #[schema(example = "2026-11-22T10:00:00.000000Z")]
    pub time: String,
    /// The admin who asked for it. Null: the server, or an account that was erased later.
    #[schema(required, example = "user:b0cd2a4f7e11")]
    pub actor: Option<String>,
    #[schema(required, example = "7d1c0a94c1f24f0f")]
    pub request_id: Option<String>,
    #[schema(example = "the person asked for it")]
    pub reason: String,
    /// Whether an account was erased.
    pub user: bool,
    #[schema(minimum = 0, example = 1)]
    pub records: i64,
    /// When PostgreSQL's tables held nothing of it any more; RFC 3339. Null before that.
    #[schema(required, example = "2026-11-22T10:00:01.000000Z")]
    pub finished: Option<String>,
}

/// Whose usage is shown.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QuotaParameters {
    /// `user:…`: shows how much this account uses
    #[param(nullable = false, pattern = "^user:.+$")]
    pub owner: Option<String>,
}

/// The quotas of a namespace and of each owner, and how much is used.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Quotas {
    pub state: QuotaState,
    pub namespace: Quota,
    pub owner: Quota,
}

/// `off`: there are no quotas. `counting`: the server counts what is stored. `enforced`: the server refuses what is too much.
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

/// Null: not limited, or not known.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(example = json!({"limit": 100_000, "used": 1}))]
pub struct Limited {
    #[schema(required)]
    pub limit: Option<i64>,
    #[schema(required)]
    pub used: Option<i64>,
}

/// The quotas to change.
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

/// Null removes a limit. What is absent stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsChange {
    #[schema(minimum = 0)]
    pub records: Option<i64>,
    #[schema(minimum = 0)]
    pub bytes: Option<i64>,
}

/// Requests per second; five times as many may come at once. 0: no limit.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct RateLimits {
    /// All requests of one network.
    #[schema(example = 2000)]
    pub network: u32,
    /// Requests of one network without an access token.
    pub anonymous: ClassRates,
    /// Requests of one account.
    pub account: ClassRates,
}

/// Requests per second by class.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(example = json!({"read": 1000, "write": 500, "auth": 50, "other": 200}))]
pub struct ClassRates {
    pub read: u32,
    pub write: u32,
    pub auth: u32,
    pub other: u32,
}

/// The limits to change. Null: the limit that the process was started with. What is absent stays.
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

/// A namespace and its newest transaction.
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
