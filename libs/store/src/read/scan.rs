//! Rows of a table by a condition in SQL.

use ddb_core::{Error, NamespaceId, RecordKey, Result, TableId, TableName, Timestamp, Tx, sort_key};
use ddb_turns::{LARGE, MANY, aside_if};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{AssertSqlSafe, PgExecutor, Row};

use crate::Record;
use crate::connection::to_error;
use crate::projection::{self, RawRecord};
use crate::read::TableShape;

/// Rows are read until they have so many bytes together.
const MAX_BYTES: usize = 8 << 20;

/// A condition over the projection `p`; its places begin at [`Scan::FIRST_PLACE`].
#[derive(Debug, Clone)]
pub struct Scan {
    pub condition: String,
    pub binds: Vec<Bind>,
    /// What stands behind `order by`.
    pub order: String,
    pub limit: u32,
}

/// A value beside SQL text.
#[derive(Debug, Clone)]
pub enum Bind {
    Bytes(Vec<u8>),
    ManyBytes(Vec<Vec<u8>>),
    Text(String),
    Int(i64),
}

/// What a scan found, in its order, expired records left out.
#[derive(Debug, Clone)]
pub struct Scanned {
    pub records: Vec<Record>,
    /// Whether no further row meets the condition; otherwise the limit was reached, or 8 MB of rows.
    pub is_complete: bool,
    /// Of their documents.
    pub bytes: usize,
    pub tx: Tx,
    /// The clock by which records expire.
    pub now: Timestamp,
}

impl Scan {
    /// The number of the first place of a condition.
    pub const FIRST_PLACE: usize = 3;
}

/// None where the table is no longer what the scan was planned for. `keeps_plan`: the statement is one that comes again.
pub(crate) async fn scan(
    executor: impl PgExecutor<'_>,
    namespace: NamespaceId,
    shape: &TableShape,
    scan: Scan,
    keeps_plan: bool,
) -> Result<Option<Scanned>> {
    let Scan { condition, binds, order, limit } = scan;
    let relation = projection::relation(namespace, shape.id);
    let columns = projection::COLUMNS;
    let head = projection::HEAD;
    let rows = format!(
        "select {columns}
         from {relation} p
         where {condition} and (p.expires is null or p.expires > h.now)
         order by {order}
         limit $2"
    );
    // Rows of at most 1 MB each: so that a page of many is bounded, it ends with the row that reaches the bound.
    let rows = format!(
        "select
             r.*, row_number() over () as place,
             sum(length(r.doc)) over (rows between unbounded preceding and current row) - length(r.doc) as bytes_before
         from ({rows}) r"
    );
    let statement = format!(
        "select h.*, r.*
         from (select {head}, (select definitions from ddb.namespace where id = $1) as definitions) h
         left join lateral (select * from ({rows}) r where r.bytes_before < {MAX_BYTES}) r on true
         order by r.place"
    );
    let mut query = sqlx::query(AssertSqlSafe(statement)).persistent(keeps_plan).bind(namespace.0).bind(i64::from(limit));
    for bind in binds {
        query = bind.to(query);
    }
    let rows = match query.fetch_all(executor).await {
        Ok(rows) => rows,
        Err(error) => return Err(refused(error)),
    };
    let bytes = match rows.last() {
        Some(last) => {
            let (before, doc): (Option<i64>, Option<&str>) =
                (last.try_get("bytes_before").map_err(to_error)?, last.try_get("doc").map_err(to_error)?);
            before.unwrap_or(0) as usize + doc.map_or(0, str::len)
        }
        None => 0,
    };
    aside_if(bytes > LARGE, || decode(shape, limit, &rows, bytes))
}

/// Expects the columns of [`scan`].
fn decode(shape: &TableShape, limit: u32, rows: &[PgRow], bytes: usize) -> Result<Option<Scanned>> {
    let mut scanned = Scanned { records: Vec::with_capacity(rows.len()), is_complete: true, bytes, tx: Tx(0), now: Timestamp(0) };
    for (position, row) in rows.iter().enumerate() {
        if position == 0 {
            scanned.tx = Tx(row.try_get(0).map_err(to_error)?);
            scanned.now = Timestamp(row.try_get(1).map_err(to_error)?);
            let definitions: i64 = row.try_get(2).map_err(to_error)?;
            if definitions != shape.definitions {
                return Ok(None);
            }
        }
        if let Some(raw) = RawRecord::from_row(row, 3).map_err(to_error)? {
            let before: i64 = row.try_get("bytes_before").map_err(to_error)?;
            let is_full = before as usize + raw.size() >= MAX_BYTES;
            scanned.is_complete = rows.len() < limit as usize && !is_full;
            scanned.records.push(raw.decode(&shape.name)?);
        }
    }
    Ok(Some(scanned))
}

/// Whose records are read.
#[derive(Debug, Clone)]
pub enum Owner {
    Anyone,
    /// A key of the table `user`.
    One(RecordKey),
}

/// The records of the owner with these keys, in no order, expired ones left out.
pub(crate) async fn by_keys(
    executor: impl PgExecutor<'_>,
    namespace: NamespaceId,
    (table, name): (TableId, &TableName),
    keys: &[RecordKey],
    owner: Owner,
) -> Result<Vec<Record>> {
    let relation = projection::relation(namespace, table);
    let columns = projection::COLUMNS;
    let head = projection::HEAD;
    let (of_owner, owner) = match owner {
        Owner::Anyone => ("$3::bytea is null", None),
        Owner::One(key) => ("p.owner = $3", Some(sort_key::encode_record_key(&key)?)),
    };
    let statement = format!(
        "select {columns}
         from (select {head}) h
         join {relation} p on p.key = any($2) and {of_owner} and (p.expires is null or p.expires > h.now)"
    );
    let keys = keys.iter().map(sort_key::encode_record_key).collect::<Result<Vec<Vec<u8>>>>()?;
    let query = sqlx::query(AssertSqlSafe(statement)).bind(namespace.0).bind(keys).bind(owner);
    let rows = query.fetch_all(executor).await.map_err(to_error)?;
    aside_if(rows.len() > MANY, || {
        let mut records = Vec::with_capacity(rows.len());
        for row in &rows {
            if let Some(raw) = RawRecord::from_row(row, 0).map_err(to_error)? {
                records.push(raw.decode(name)?);
            }
        }
        Ok(records)
    })
}

/// How many rows meet the condition of an exact plan. None where the table is no longer what it was planned for.
pub(crate) async fn count(
    executor: impl PgExecutor<'_>,
    namespace: NamespaceId,
    shape: &TableShape,
    condition: &str,
    binds: Vec<Bind>,
) -> Result<Option<u64>> {
    let relation = projection::relation(namespace, shape.id);
    let head = projection::HEAD;
    let statement = format!(
        "select
             (select count(*) from {relation} p where {condition} and (p.expires is null or p.expires > h.now)),
             (select definitions from ddb.namespace where id = $1), $2::bigint
         from (select {head}) h"
    );
    let mut query = sqlx::query(AssertSqlSafe(statement)).persistent(false).bind(namespace.0).bind(0_i64);
    for bind in binds {
        query = bind.to(query);
    }
    let row = match query.fetch_one(executor).await {
        Ok(row) => row,
        Err(error) => return Err(refused(error)),
    };
    let definitions: i64 = row.try_get(1).map_err(to_error)?;
    let count: i64 = row.try_get(0).map_err(to_error)?;
    Ok((definitions == shape.definitions).then_some(count.unsigned_abs()))
}

impl Bind {
    fn to(
        self,
        query: sqlx::query::Query<'_, sqlx::Postgres, PgArguments>,
    ) -> sqlx::query::Query<'_, sqlx::Postgres, PgArguments> {
        match self {
            Self::Bytes(bytes) => query.bind(bytes),
            Self::ManyBytes(bytes) => query.bind(bytes),
            Self::Text(text) => query.bind(text),
            Self::Int(int) => query.bind(int),
        }
    }
}

/// Whether a column or a table of the statement is gone.
pub(crate) fn is_gone(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|source| source.downcast_ref::<sqlx::Error>());
    cause.is_some_and(names_what_is_gone)
}

fn names_what_is_gone(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().is_some_and(|code| code == "42703" || code == "42P01"))
}

/// A column or a table of the statement that is gone was removed a moment ago.
fn refused(error: sqlx::Error) -> Error {
    if names_what_is_gone(&error) {
        return Error::unavailable("an admin has just removed an index of the table; try again").with_source(error);
    }
    to_error(error)
}
