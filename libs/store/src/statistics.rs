//! What PostgreSQL tells of itself.

use ddb_core::Result;
use sqlx::Row;

use crate::Store;
use crate::connection::to_error;

/// Since PostgreSQL's statistics were last reset, as far as they are sums.
#[derive(Debug, Clone, Copy)]
pub struct Statistics {
    /// To the database, those of other programs too.
    pub connections: i64,
    pub max_connections: i64,
    pub commits: i64,
    pub rollbacks: i64,
    pub deadlocks: i64,
    /// Pages of 8 KB that were read from outside PostgreSQL's own memory.
    pub blocks_read: i64,
    /// Pages that were found in it.
    pub blocks_hit: i64,
    /// Bytes written to temporary files, by sorts that did not fit into memory.
    pub temporary_bytes: i64,
    /// Of the whole server.
    pub wal_bytes: i64,
    /// How long the oldest open transaction has been, of the sessions that the role may see (its own, and all with `pg_read_all_stats`), in seconds; one that is forgotten keeps the disk from being cleaned.
    pub oldest_transaction: f64,
}

impl Store {
    /// One statement, without a look at any of the data.
    pub async fn statistics(&self) -> Result<Statistics> {
        let row = sqlx::query(
            "
            select
                d.numbackends::bigint, current_setting('max_connections')::bigint, d.xact_commit, d.xact_rollback, d.deadlocks,
                d.blks_read, d.blks_hit, d.temp_bytes, w.wal_bytes::bigint,
                (
                    select coalesce(extract(epoch from clock_timestamp() - min(a.xact_start)), 0)::float8
                    from pg_stat_activity a
                    where a.datid = d.datid and a.pid <> pg_backend_pid() and a.backend_type = 'client backend'
                )
            from pg_stat_database d, pg_stat_wal w
            where d.datname = current_database()
            ",
        )
        .fetch_one(self.pool())
        .await
        .map_err(to_error)?;
        let count = |place: usize| row.try_get::<i64, _>(place).map_err(to_error);
        Ok(Statistics {
            connections: count(0)?,
            max_connections: count(1)?,
            commits: count(2)?,
            rollbacks: count(3)?,
            deadlocks: count(4)?,
            blocks_read: count(5)?,
            blocks_hit: count(6)?,
            temporary_bytes: count(7)?,
            wal_bytes: count(8)?,
            oldest_transaction: row.try_get(9).map_err(to_error)?,
        })
    }
}
