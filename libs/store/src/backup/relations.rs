//! What a backup holds, and what it does not.

use ddb_core::Result;
use sqlx::{PgConnection, Row};

use crate::connection::to_error;

/// The relations of the schema `ddb` in a backup, in the order of their sections. A new relation is put here or into [`LEFT_OUT`].
pub(super) const SAVED: [&str; 14] = [
    "namespace",
    "data_table",
    "attribute",
    "index_column",
    "index_definition",
    "account",
    "setting",
    "kept_answer",
    "quota",
    "usage",
    "tx",
    "droppable",
    "entity",
    "erasure",
];
/// The last section: by far the largest.
pub(super) const FACTS: &str = "triple";

/// Relations of the schema `ddb` that no backup holds, and why.
#[cfg(test)]
pub(super) const LEFT_OUT: [(&str, &str); 4] = [
    ("migration", "the header has the number of the newest one"),
    ("session", "a restored server must not revive what was ended since"),
    ("signing_key", "without sessions it signs for nobody, and a backup without it opens nothing"),
    ("job", "recurring ones are made when they are due, others are asked for again"),
];

/// All of them.
pub(super) fn saved() -> impl Iterator<Item = &'static str> {
    SAVED.into_iter().chain([FACTS])
}

/// The columns of a relation of the schema `ddb`; none where it does not exist. They are names that a migration of ours gave.
pub(super) async fn columns(connection: &mut PgConnection, relation: &str) -> Result<Vec<String>> {
    let rows = sqlx::query(
        "
        select a.attname::text
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'ddb' and c.relname = $1 and a.attnum > 0 and not a.attisdropped
        order by a.attnum
        ",
    )
    .bind(relation)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    rows.iter().map(|row| row.try_get(0).map_err(to_error)).collect()
}
