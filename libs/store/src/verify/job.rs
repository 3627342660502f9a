//! Verifying as a job.

use ddb_core::{Error, Tx};
use serde_json::json;

use super::{Scope, verify};
use crate::job::{NewJob, OneOff};
use ddb_core::{NamespaceId, RecordId};

const KIND: &str = "verify";

/// The work.
pub fn verifier() -> OneOff {
    OneOff {
        kind: KIND,
        run: Box::new(|store, namespace, payload, progress| {
            Box::pin(async move {
                let tx = |name: &str| payload[name].as_i64().map(Tx);
                let from = tx("from").ok_or_else(|| Error::internal("a job to verify says nothing of where it begins"))?;
                let scope = Scope { from, to: tx("to"), expected_head: payload["expect_head"].as_str() };
                Ok(verify(&store, namespace, scope, &progress).await?.to_json())
            })
        }),
    }
}

/// A job that verifies `scope`.
pub fn job(namespace: NamespaceId, scope: Scope<'_>, by: Option<RecordId>) -> NewJob {
    let payload = json!({ "from": scope.from.0, "to": scope.to.map(|to| to.0), "expect_head": scope.expected_head });
    NewJob { namespace, kind: KIND, payload, by }
}
