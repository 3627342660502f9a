//! What the records of a namespace hold, counted anew: `verify` compares it with the counters, `rebuild` puts it in their place.

use ddb_core::{NamespaceId, RecordId, Result, TableName, doc, sort_key};
use futures::TryStreamExt;
use sqlx::{PgConnection, Row};

use super::usage::Counted;
use super::{Usage, Usages};
use crate::connection::to_error;
use crate::fold::Folded;
use crate::projection;

/// The records that were counted so far.
pub(crate) struct Recount(Usages);

/// A counter that is not what the records are.
pub(crate) struct Difference {
    /// The owner's record; None: the namespace.
    pub(crate) owner: Option<String>,
    pub(crate) counted: Usage,
    pub(crate) held: Usage,
}

impl Recount {
    /// None where the namespace has no limits.
    pub(crate) async fn where_limited(connection: &mut PgConnection, namespace: NamespaceId) -> Result<Option<Self>> {
        Ok(Counted::load(connection, namespace).await?.map(|_| Self(Usages::default())))
    }

    /// None where no limits are enforced, and so the counters not complete.
    pub(crate) async fn where_enforced(connection: &mut PgConnection, namespace: NamespaceId) -> Result<Option<Self>> {
        let counted = Counted::load(connection, namespace).await?;
        Ok(counted.filter(Counted::is_enforced).map(|_| Self(Usages::default())))
    }

    pub(crate) fn add<'f>(&mut self, records: impl Iterator<Item = &'f Folded>) -> Result<()> {
        for record in records {
            let owner = record.owner.as_ref().map(sort_key::encode_record_key).transpose()?;
            self.0.add(owner.as_deref(), Usage { records: 1, bytes: doc::encode(&record.fields).len() as i64 });
        }
        Ok(())
    }

    /// How the counters differ, by owner; the connection sees the state that was counted.
    pub(crate) async fn compare(mut self, connection: &mut PgConnection, namespace: NamespaceId) -> Result<Vec<Difference>> {
        let mut rows =
            sqlx::query("select owner, records, bytes from ddb.usage where namespace = $1").bind(namespace.0).fetch(connection);
        let mut differences = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(to_error)? {
            let read = || Ok((row.try_get(0)?, Usage { records: row.try_get(1)?, bytes: row.try_get(2)? }));
            let (owner, counted): (&[u8], Usage) = read().map_err(to_error)?;
            let held = self.0.take(owner);
            if counted != held {
                differences.push(Difference { owner: shown(owner), counted, held });
            }
        }
        // Whoever has no counter is counted with nothing.
        for (owner, held) in self.0.into_iter().filter(|(_, held)| *held != Usage::default()) {
            differences.push(Difference { owner: shown(&owner), counted: Usage::default(), held });
        }
        differences.sort_by(|one, other| one.owner.cmp(&other.owner));
        Ok(differences)
    }

    /// Under the lock of the namespace, in the transaction that counted. Limits are enforced from its end on; whoever was counting gives up.
    pub(crate) async fn replace(self, connection: &mut PgConnection, namespace: NamespaceId) -> Result<()> {
        for statement in [
            "delete from ddb.usage where namespace = $1",
            "update ddb.quota set state = 'counted', generation = gen_random_uuid() where namespace = $1",
        ] {
            sqlx::query(statement).bind(namespace.0).execute(&mut *connection).await.map_err(to_error)?;
        }
        self.0.write(connection, namespace).await.map_err(to_error)
    }
}

/// None for the namespace. A key that is none is shown as its bytes.
fn shown(owner: &[u8]) -> Option<String> {
    let record = |key| RecordId::new(TableName::user(), key).plain().to_string();
    (!owner.is_empty()).then(|| projection::decode_key(owner).map_or_else(|_| format!("{owner:02x?}"), record))
}
