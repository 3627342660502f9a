use ddb_core::{NamespaceId, NamespaceName, Result, Uuid};
use serde::{Deserialize, Serialize};

use super::frame::damaged;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The number of the newest migration.
    pub schema: i32,
    /// The version of the `ddb` that made it.
    pub ddb: String,
    /// Such as `18.6`.
    pub postgres: String,
    /// Microseconds since 1970, by PostgreSQL's clock.
    pub taken_at: i64,
    pub namespaces: Vec<SavedNamespace>,
}

/// A namespace and where its log ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedNamespace {
    pub id: i32,
    pub name: String,
    pub uuid: Uuid,
    /// The newest transaction, 0 where there is none.
    pub tx: i64,
    /// Its hash in hex.
    pub head_hash: String,
}

impl Header {
    pub(super) fn parse(json: &[u8]) -> Result<Self> {
        let header: Self = serde_json::from_slice(json).map_err(|error| damaged(format!("the header: {error}")))?;
        for namespace in &header.namespaces {
            NamespaceName::parse(&namespace.name).map_err(|error| damaged(format!("the header: {}", error.message())))?;
        }
        let is_main = |namespace: &SavedNamespace| namespace.id == NamespaceId::MAIN.0 && namespace.name == "main";
        if !header.namespaces.iter().any(is_main) {
            return Err(damaged("the header has no namespace `main`"));
        }
        Ok(header)
    }
}
