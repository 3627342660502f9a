//! The newest transaction and its hash.

use ddb_core::chain::{self, Hash};
use ddb_core::{NamespaceId, Result, Timestamp, Tx, Uuid};
use sqlx::{PgConnection, Row};

use super::leaf;
use crate::connection::to_error;
use crate::dictionary;

#[derive(Debug, Clone)]
pub struct AuditHead {
    /// Hashed into every transaction of the namespace.
    pub namespace: Uuid,
    pub tx: Tx,
    /// None while there is no transaction.
    pub time: Option<Timestamp>,
    /// Zeros while there is no transaction.
    pub hash: Hash,
}

pub(crate) async fn head(connection: &mut PgConnection, namespace: NamespaceId) -> Result<AuditHead> {
    let uuid = leaf::namespace_uuid(&mut *connection, namespace).await?;
    let row = sqlx::query("select tx, time, hash from ddb.tx where namespace = $1 order by tx desc limit 1")
        .bind(namespace.0)
        .fetch_optional(connection)
        .await
        .map_err(to_error)?;
    let Some(row) = row else {
        return Ok(AuditHead { namespace: uuid, tx: Tx(0), time: None, hash: chain::GENESIS });
    };
    Ok(AuditHead {
        namespace: uuid,
        tx: Tx(row.try_get(0).map_err(to_error)?),
        time: Some(Timestamp(row.try_get(1).map_err(to_error)?)),
        hash: dictionary::hash(row.try_get(2).map_err(to_error)?)?,
    })
}
