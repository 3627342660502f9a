//! A page of a table in the order of its keys.

use ddb_core::{NamespaceId, RecordKey, Result, TableId, TableName, Tx, sort_key};
use sqlx::{AssertSqlSafe, Row};

use super::Found;
use crate::connection::to_error;
use crate::pool::Pool;
use crate::projection::{self, RawRecord};
use crate::{Record, Shadowed};

/// Which records, from where on, how many.
#[derive(Debug, Clone)]
pub struct ListQuery {
    pub table: TableName,
    /// Only the records of this owner (a key in the table `user`); None: of everyone.
    pub owner: Option<RecordKey>,
    /// Only keys after this one.
    pub after: Option<RecordKey>,
    pub limit: u32,
}

/// Expired records are left out.
pub(crate) async fn list(pool: &Pool, namespace: NamespaceId, table: TableId, query: &ListQuery) -> Result<Found<Vec<Record>>> {
    let relation = projection::relation(namespace, table);
    let columns = projection::COLUMNS;
    let head = projection::head_columns(table);
    // The two forms differ so that each is a plain range of one index.
    let of_owner = if query.owner.is_some() { "p.owner = $3 and" } else { "$3::bytea is null and" };
    let statement = format!(
        "select h.*, p.*
         from (select {head}) h
         left join lateral (
             select {columns}
             from {relation} p
             where {of_owner} p.key > $2 and (p.expires is null or p.expires > h.now)
             order by p.key
             limit $4
         ) p on true
         order by p.key"
    );
    let after = query.after.as_ref().map(sort_key::encode_record_key).transpose()?.unwrap_or_default();
    let owner = query.owner.as_ref().map(sort_key::encode_record_key).transpose()?;
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(namespace.0)
        .bind(after)
        .bind(owner)
        .bind(i64::from(query.limit))
        .fetch_all(pool)
        .await
        .map_err(to_error)?;
    let mut records = Vec::with_capacity(rows.len());
    let mut tx = Tx(0);
    for row in &rows {
        tx = Tx(row.try_get(0).map_err(to_error)?);
        let shadowed = Shadowed { created: row.try_get(2).map_err(to_error)?, updated: row.try_get(3).map_err(to_error)? };
        if let Some(raw) = RawRecord::from_row(row, 4).map_err(to_error)? {
            records.push(raw.decode(&query.table, shadowed)?);
        }
    }
    Ok(Found { data: records, tx })
}
