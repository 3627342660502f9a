//! One PostgreSQL table per DarshJQL table, with a row per record.

mod copy;
mod rows;

pub(crate) use copy::CopiedRows;
pub(crate) use rows::{NewRow, Rows};

use ddb_core::{Error, NamespaceId, RecordId, RecordKey, Result, TableId, TableName, Timestamp, Tx, doc, sort_key};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};

use crate::Record;
use crate::connection::to_error;

/// The columns from which [`RawRecord::from_row`] reads, in its order; `p` is the projection.
pub(crate) const COLUMNS: &str = "p.key, p.doc::text, p.owner, p.created, p.updated, p.tx, p.expires";

/// The newest transaction and the clock, which is never before that transaction; `$1` is the namespace.
pub(crate) const HEAD: &str = "
    coalesce((select tx from ddb.tx where namespace = $1 order by tx desc limit 1), 0) as tx,
    greatest(
        (extract(epoch from now()) * 1000000)::bigint,
        (select time from ddb.tx where namespace = $1 order by tx desc limit 1)
    ) as now";

/// The projection's name in SQL. It holds numbers only, so it needs no quotes.
pub(crate) fn relation(namespace: NamespaceId, table: TableId) -> String {
    format!("ddb_data.t{namespace}_{table}")
}

pub(crate) async fn create(connection: &mut PgConnection, namespace: NamespaceId, table: TableId) -> Result<()> {
    create_bare(connection, namespace, table).await?;
    create_indexes(connection, namespace, table).await
}

/// The projection without the indexes that it has besides its key; rows are added faster to it.
///
/// Room is left in the pages so that an update of a field stays in its page and touches no index.
pub(crate) async fn create_bare(connection: &mut PgConnection, namespace: NamespaceId, table: TableId) -> Result<()> {
    let relation = relation(namespace, table);
    let ddl = format!(
        "
        create table {relation} (
            key     bytea  primary key,
            entity  bigint not null,
            doc     jsonb  not null,
            owner   bytea,
            created bigint not null,
            updated bigint not null,
            tx      bigint not null,
            expires bigint
        ) with (fillfactor = 85)
        "
    );
    connection.execute(sqlx::raw_sql(AssertSqlSafe(ddl))).await.map_err(to_error)?;
    Ok(())
}

pub(crate) async fn create_indexes(connection: &mut PgConnection, namespace: NamespaceId, table: TableId) -> Result<()> {
    let relation = relation(namespace, table);
    let ddl = format!(
        "
        create index on {relation} (owner, key);
        create index on {relation} (expires) where expires is not null;
        "
    );
    connection.execute(sqlx::raw_sql(AssertSqlSafe(ddl))).await.map_err(to_error)?;
    Ok(())
}

#[derive(Debug, Clone)]
/// A record as it comes from PostgreSQL; decoded by whoever asked, not on the connection's task.
pub(crate) struct RawRecord {
    pub(crate) key: Vec<u8>,
    doc: String,
    owner: Option<Vec<u8>>,
    created: i64,
    updated: i64,
    tx: i64,
    expires: Option<i64>,
}

impl RawRecord {
    /// Reads [`COLUMNS`], the first of which is column `first`; None where they are those of a left join without a match.
    pub(crate) fn from_row(row: &PgRow, first: usize) -> Result<Option<Self>, sqlx::Error> {
        let Some(key) = row.try_get(first)? else { return Ok(None) };
        let Some(doc) = row.try_get(first + 1)? else { return Ok(None) };
        Ok(Some(Self {
            key,
            doc,
            owner: row.try_get(first + 2)?,
            created: row.try_get(first + 3)?,
            updated: row.try_get(first + 4)?,
            tx: row.try_get(first + 5)?,
            expires: row.try_get(first + 6)?,
        }))
    }

    /// Bytes of the document.
    pub(crate) fn size(&self) -> usize {
        self.doc.len()
    }

    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now.0)
    }

    pub(crate) fn decode(self, table: &TableName) -> Result<Record> {
        let key = decode_key(&self.key)?;
        Ok(Record {
            id: RecordId { table: table.clone(), key },
            fields: doc::decode(&self.doc)?,
            owner: self.owner.as_deref().map(decode_key).transpose()?,
            created: Timestamp(self.created),
            updated: Timestamp(self.updated),
            tx: Tx(self.tx),
            expires: self.expires.map(Timestamp),
        })
    }
}

pub(crate) fn decode_key(bytes: &[u8]) -> Result<RecordKey> {
    sort_key::decode_record_key(bytes).ok_or_else(|| Error::internal("a key in the database is not the sort key of a record key"))
}
