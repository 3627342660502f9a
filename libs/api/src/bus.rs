//! Subjects and payloads between the services. Those that start with `ddb._` are the system's own and may change with any version.

use ddb_core::NamespaceId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Accounts or sessions changed: whoever keeps something about them reads it anew.
pub const REVOKED: &str = "ddb._.auth.revoked";

/// What travels on [`REVOKED`], and on the PostgreSQL channel of the same meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    pub namespace: i32,
    /// The account's id.
    pub account: String,
    /// The one session that ended; None: something about the account itself or all of its sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Uuid>,
}

impl Revoked {
    pub fn account(namespace: NamespaceId, account: impl Into<String>) -> Self {
        Self { namespace: namespace.0, account: account.into(), session: None }
    }

    pub fn session(namespace: NamespaceId, account: impl Into<String>, session: Uuid) -> Self {
        Self { namespace: namespace.0, account: account.into(), session: Some(session) }
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers and text can be written as JSON")
    }

    /// None for what another version may have sent and this one does not understand.
    pub fn from_json(payload: &[u8]) -> Option<Self> {
        serde_json::from_slice(payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_read_back() {
        let namespace = NamespaceId(7);
        for revoked in [Revoked::account(namespace, "a\"b"), Revoked::session(namespace, "c", Uuid::from_u128(1))] {
            assert_eq!(Revoked::from_json(revoked.to_json().as_bytes()), Some(revoked));
        }
        assert_eq!(Revoked::account(namespace, "c").to_json(), r#"{"namespace":7,"account":"c"}"#);
    }

    #[test]
    fn what_is_not_understood_is_none() {
        for payload in ["", "{}", "[]", r#"{"namespace":"main","account":"a"}"#, "\u{0}"] {
            assert_eq!(Revoked::from_json(payload.as_bytes()), None, "{payload:?}");
        }
    }
}
