//! A list of erasures and the backup that is restored with it.

use ddb_core::chain::from_hex;
use ddb_core::{NamespaceId, RecordId, Result, TableName, Timestamp, Uuid};
use sqlx::{PgConnection, Row};

use super::{ErasedRecord, Listed};
use crate::connection::to_error;
use crate::{dictionary, projection};

/// Which lines of a list are about something that the backup knows.
pub(crate) struct Matching<'l> {
    listed: &'l [Listed],
    /// By line.
    is_matched: Vec<bool>,
    expected: u64,
}

/// What the backup knows under the number of a listed record.
enum Known {
    /// The record.
    Here(Vec<u8>),
    /// It was erased before the backup was taken.
    Erased,
    /// Another one, or none: that of the list came into being after the backup.
    No,
}

impl Listed {
    fn namespace(&self) -> Uuid {
        match self {
            Self::Record(record) => record.namespace,
            Self::Namespace(removed) => removed.namespace,
        }
    }
}

impl<'l> Matching<'l> {
    pub(crate) fn of(listed: &'l [Listed]) -> Self {
        Self { listed, is_matched: vec![false; listed.len()], expected: 0 }
    }

    /// When the namespace was removed, if the list says that it was. Whatever else it says of it is settled with that.
    pub(crate) fn removal(&mut self, namespace: Uuid) -> Result<Option<Timestamp>> {
        let removed = self.listed.iter().find_map(|listed| match listed {
            Listed::Namespace(removed) if removed.namespace == namespace => Some(&removed.removed),
            Listed::Namespace(_) | Listed::Record(_) => None,
        });
        let Some(time) = removed else { return Ok(None) };
        self.settle(namespace);
        Timestamp::parse_rfc3339(time).map(Some)
    }

    /// The backup knows that the namespace was removed.
    pub(crate) fn settle(&mut self, namespace: Uuid) {
        for (listed, is_matched) in self.listed.iter().zip(&mut self.is_matched) {
            *is_matched |= listed.namespace() == namespace;
        }
    }

    /// Notes those of the records that the namespace holds with a name, in the transaction that restores it: whoever opens the database erases them before
    /// anything else.
    pub(crate) async fn expect(&mut self, connection: &mut PgConnection, (namespace, uuid): (NamespaceId, Uuid)) -> Result<()> {
        for (listed, is_matched) in self.listed.iter().zip(&mut self.is_matched) {
            let Listed::Record(record) = listed else { continue };
            if record.namespace != uuid {
                continue;
            }
            match known(connection, namespace, record).await? {
                Known::Here(name) => self.expected += note(connection, namespace, record, &name).await?,
                Known::Erased => {}
                Known::No => continue,
            }
            *is_matched = true;
        }
        Ok(())
    }

    /// How many records are to be erased.
    pub(crate) fn expected(&self) -> u64 {
        self.expected
    }

    /// How many lines are about nothing that the backup knows.
    pub(crate) fn unmatched(&self) -> u64 {
        self.is_matched.iter().filter(|is_matched| !**is_matched).count() as u64
    }
}

async fn known(connection: &mut PgConnection, namespace: NamespaceId, record: &ErasedRecord) -> Result<Known> {
    let row = sqlx::query(
        "
        select t.name, e.key, e.salt, e.commitment
        from ddb.entity e
        join ddb.data_table t on t.namespace = e.namespace and t.id = e.table_id
        where e.namespace = $1 and e.id = $2
        ",
    )
    .bind(namespace.0)
    .bind(record.entity)
    .fetch_optional(connection)
    .await
    .map_err(to_error)?;
    let Some(row) = row else { return Ok(Known::No) };
    let listed = from_hex(&record.name);
    let (key, erased): (Option<&[u8]>, Option<Vec<u8>>) = (row.try_get(1).map_err(to_error)?, row.try_get(3).map_err(to_error)?);
    let Some(key) = key else { return Ok(if erased.is_some() && erased == listed { Known::Erased } else { Known::No }) };
    let table = TableName::parse(row.try_get(0).map_err(to_error)?)?;
    let id = RecordId::new(table, projection::decode_key(key)?);
    let salt = dictionary::salt(row.try_get(2).map_err(to_error)?)?;
    let name = dictionary::entity_commitment(&salt, &id).to_vec();
    Ok(if listed.as_deref() == Some(&name[..]) { Known::Here(name) } else { Known::No })
}

/// Gives how many were noted: none where another line was about the record.
async fn note(connection: &mut PgConnection, namespace: NamespaceId, record: &ErasedRecord, name: &[u8]) -> Result<u64> {
    let noted = sqlx::query(
        "
        insert into ddb.erasure (namespace, entity, name, reason, is_account)
        values ($1, $2, $3, $4, $5)
        on conflict do nothing
        ",
    )
    .bind(namespace.0)
    .bind(record.entity)
    .bind(name)
    .bind(&record.reason)
    .bind(record.account)
    .execute(connection)
    .await
    .map_err(to_error)?;
    Ok(noted.rows_affected())
}
