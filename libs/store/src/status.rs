//! How much there is.

use ddb_core::{NamespaceId, Result, TableName, Tx};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use crate::connection::to_error;
use crate::{Store, catalogue, projection};

/// A namespace in figures.
#[derive(Debug, Clone)]
pub struct Status {
    pub head: Tx,
    /// The hash of the newest transaction in hex, for `ddb verify --expect-head`; None while there is no transaction.
    pub head_hash: Option<String>,
    pub tables: Vec<TableStatus>,
    /// Facts, transactions and dictionaries with their indexes, in bytes.
    pub log_bytes: i64,
    pub postgres_version: String,
}

#[derive(Debug, Clone)]
pub struct TableStatus {
    pub name: TableName,
    pub records: i64,
    /// The projection with its indexes, in bytes.
    pub bytes: i64,
}

impl Store {
    /// Counts and measures; takes a moment on large tables.
    pub async fn status(&self, namespace: NamespaceId) -> Result<Status> {
        let mut connection = PgConnection::connect_with(self.options()).await.map_err(to_error)?;
        // Counting a large table takes longer than a request may.
        connection.execute(sqlx::raw_sql("set statement_timeout = 0")).await.map_err(to_error)?;
        let row = sqlx::query(
            "
            select
                (select tx from ddb.tx where namespace = $1 order by tx desc limit 1),
                (select encode(hash, 'hex') from ddb.tx where namespace = $1 order by tx desc limit 1),
                pg_total_relation_size('ddb.triple') + pg_total_relation_size('ddb.tx')
                    + pg_total_relation_size('ddb.entity') + pg_total_relation_size('ddb.attribute'),
                current_setting('server_version')
            ",
        )
        .bind(namespace.0)
        .fetch_one(&mut connection)
        .await
        .map_err(to_error)?;
        let mut tables = Vec::new();
        for (id, name) in catalogue::all_tables(&mut connection, namespace).await? {
            let relation = projection::relation(namespace, id);
            let statement = format!("select (select count(*) from {relation}), pg_total_relation_size('{relation}')");
            let row = sqlx::query(AssertSqlSafe(statement)).fetch_one(&mut connection).await.map_err(to_error)?;
            let (records, bytes) = (row.try_get(0).map_err(to_error)?, row.try_get(1).map_err(to_error)?);
            tables.push(TableStatus { name, records, bytes });
        }
        connection.close().await.map_err(to_error)?;
        Ok(Status {
            head: Tx(row.try_get::<Option<i64>, _>(0).map_err(to_error)?.unwrap_or(0)),
            head_hash: row.try_get(1).map_err(to_error)?,
            tables,
            log_bytes: row.try_get(2).map_err(to_error)?,
            postgres_version: row.try_get(3).map_err(to_error)?,
        })
    }
}
