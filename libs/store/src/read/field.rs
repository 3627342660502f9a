//! Whether records have, or once had, a field.

use ddb_core::{NamespaceId, Result, attribute};
use sqlx::{AssertSqlSafe, PgExecutor, Row};

use super::TableShape;
use crate::connection::to_error;
use crate::projection;

/// Records that are looked at. More would cost every question about a field that few records have.
const MAX_RECORDS: i64 = 1_000;

/// What is known of a field among some records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HadField {
    Yes,
    /// None of them ever had it, as far back as the past is kept.
    No,
    /// There are no records to know it of, or too many to look at.
    Unsure,
}

/// Of the owner's records that are there now, in their present lives: a deleted record of the same key may have been another owner's (None: of the table,
/// whoever made what record when).
pub(crate) async fn had_field(
    executor: impl PgExecutor<'_>,
    namespace: NamespaceId,
    shape: &TableShape,
    owner: Option<&[u8]>,
    name: &str,
) -> Result<HadField> {
    let relation = projection::relation(namespace, shape.id);
    let (table, exists) = (shape.id, attribute::EXISTS.0);
    let in_present_life = format!(
        "select
         from seen s
         cross join attribute a
         join ddb.entity e on e.namespace = $1 and e.table_id = a.table_id and e.key = s.key
         join ddb.triple t on t.namespace = $1 and t.entity = e.id and t.attribute = a.id
         where (t.tx, t.position) > (
             select b.tx, b.position
             from ddb.triple b
             where b.namespace = $1 and b.entity = e.id and b.attribute = {exists} and b.asserted
             order by b.tx desc, b.position desc
             limit 1
         )"
    );
    let (of_owner, most, had) = match owner {
        None => ("$3::bytea is null", 1, "select from attribute"),
        Some(_) => ("p.owner = $3", MAX_RECORDS + 1, in_present_life.as_str()),
    };
    let statement = format!(
        "with
             attribute as (select id, table_id from ddb.attribute where namespace = $1 and table_id = {table} and name = $2),
             seen as (
                 select p.key from {relation} p
                 where {of_owner} and (p.expires is null or p.expires > (extract(epoch from now()) * 1000000)::bigint)
                 limit {most}
             )
         select exists ({had}), (select count(*) from seen)"
    );
    let query = sqlx::query(AssertSqlSafe(statement)).persistent(false).bind(namespace.0).bind(name).bind(owner);
    let row = query.fetch_one(executor).await.map_err(to_error)?;
    let (had, seen): (bool, i64) = (row.try_get(0).map_err(to_error)?, row.try_get(1).map_err(to_error)?);
    Ok(match (had, seen) {
        (true, _) => HadField::Yes,
        (false, 1..=MAX_RECORDS) => HadField::No,
        (false, _) => HadField::Unsure,
    })
}
