use std::io::Read;

use ddb_core::{Error, NamespaceId, Result};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use super::check::Checked;
use super::frame::damaged;
use super::header::Header;
use super::load::load;
use super::relations::{FACTS, columns, saved};
use super::{Progress, projections};
use crate::connection::to_error;
use crate::erasure::{self, Listed, Matching};
use crate::migration;
use crate::verify::verify_log;
use crate::{Config, Store, namespace};

/// What a restored database holds.
#[derive(Debug, Clone)]
pub struct Restored {
    pub header: Header,
    /// By relation, in the order of the file.
    pub rows: Vec<(String, u64)>,
    pub transactions: u64,
    pub facts: u64,
    pub records: u64,
    /// Records of the backup that were on the list of erasures, each with what it owned where it was an account's.
    pub erased: u64,
    /// Namespaces of the backup that were on the list as removed.
    pub removed: u64,
    /// Lines of the list that are about nothing in the backup: what came into being after it was taken, or another database.
    pub unmatched: u64,
}

/// Fills an empty database from a backup that was checked, in one transaction: it holds everything then, with a log that is what was hashed and ends
/// where the header says, or nothing. What is on the list of erasures is erased, and the namespaces that it says were removed are, before this returns.
pub async fn restore(
    config: &Config,
    input: impl Read + Send + 'static,
    checked: &Checked,
    erasures: &[Listed],
    progress: &Progress,
) -> Result<Restored> {
    let mut connection = PgConnection::connect_with(&config.connection).await.map_err(to_error)?;
    connection.execute(sqlx::raw_sql("set statement_timeout = 0; begin")).await.map_err(to_error)?;
    expect_empty(&mut connection).await?;
    let header = &checked.header;
    migration::begin(&mut connection).await?;
    migration::apply(&mut connection, 0, header.schema).await?;
    expect_sections(&mut connection, checked).await?;
    let indexes = drop_indexes(&mut connection).await?;
    load(&mut connection, input, checked, progress).await?;
    progress.begin("indexes of the log");
    for index in indexes {
        execute(&mut connection, index).await?;
    }
    migration::apply(&mut connection, header.schema, migration::NEWEST).await?;
    // The numbers of the rows came with the file; new ones go on behind them.
    let go_on =
        "select setval(pg_get_serial_sequence('ddb.erasure', 'number'), coalesce(max(number), 0) + 1, false) from ddb.erasure";
    execute(&mut connection, go_on.to_owned()).await?;
    for relation in saved() {
        execute(&mut connection, format!("analyze ddb.{relation}")).await?;
    }
    expect_whole(&mut connection, header).await?;
    let (header, rows) = (header.clone(), checked.rows.clone());
    let mut restored = Restored { header, rows, transactions: 0, facts: 0, records: 0, erased: 0, removed: 0, unmatched: 0 };
    let mut matching = Matching::of(erasures);
    for namespace in namespace::removed(&mut connection).await? {
        matching.settle(namespace);
    }
    for namespace in &checked.header.namespaces {
        let id = NamespaceId(namespace.id);
        progress.begin(format!("verifying {}", namespace.name));
        let report = verify_log(&mut connection, id).await?;
        if let Some(problem) = report.problems.first() {
            return Err(damaged(format!("the log of `{}` is not as it was written: {problem}", namespace.name)));
        }
        if (report.head, &report.head_hash) != (namespace.tx, &namespace.head_hash) {
            return Err(damaged(format!("the log of `{}` ends elsewhere than the header says", namespace.name)));
        }
        restored.transactions += report.transactions;
        restored.facts += report.facts;
        if let Some(time) = matching.removal(namespace.uuid)? {
            if id == NamespaceId::MAIN {
                return Err(Error::bad_request(
                    "the list of erasures says that the namespace `main` was removed, but nobody can remove it",
                ));
            }
            namespace::take_name(&mut connection, id, Some(time)).await?;
            restored.removed += 1;
            continue;
        }
        restored.records += projections::build(&mut connection, id, progress).await?;
        matching.expect(&mut connection, (id, namespace.uuid)).await?;
    }
    (restored.erased, restored.unmatched) = (matching.expected(), matching.unmatched());
    progress.begin("writing to disk");
    connection.execute("commit").await.map_err(to_error)?;
    connection.close().await.map_err(to_error)?;
    if restored.erased + restored.removed > 0 {
        // Whoever opens the database before this is done erases them before he does anything else, and sees nothing of what was removed.
        progress.begin("erasing what was erased since");
        let store = Store::open(config.clone()).await?;
        erasure::finish(&store).await?;
        if restored.removed > 0 {
            namespace::purge_all(&store).await?;
        }
        store.close().await;
    }
    Ok(restored)
}

async fn expect_empty(connection: &mut PgConnection) -> Result<()> {
    let row = sqlx::query(
        "
        select exists (
            select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('ddb', 'ddb_data')
        )
        ",
    )
    .fetch_one(connection)
    .await
    .map_err(to_error)?;
    if row.try_get(0).map_err(to_error)? {
        return Err(Error::conflict(
            "there is data already: a backup is restored into an empty database or a new data directory",
        ));
    }
    Ok(())
}

/// Every relation of this version of the schema must be there; more than these were refused while the file was checked.
async fn expect_sections(connection: &mut PgConnection, checked: &Checked) -> Result<()> {
    for relation in saved() {
        let exists = !columns(connection, relation).await?.is_empty();
        if exists && !checked.rows.iter().any(|(section, _)| section == relation) {
            return Err(damaged(format!("the section `{relation}` is missing")));
        }
    }
    Ok(())
}

/// Takes the indexes of the facts away; gives the statements that make them. Building them at the end is faster than keeping them.
async fn drop_indexes(connection: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query("select indexname::text, indexdef from pg_indexes where schemaname = 'ddb' and tablename = $1")
        .bind(FACTS)
        .fetch_all(&mut *connection)
        .await
        .map_err(to_error)?;
    let mut statements = Vec::new();
    for row in rows {
        let name: String = row.try_get(0).map_err(to_error)?;
        execute(connection, format!("drop index ddb.{name}")).await?;
        statements.push(row.try_get(1).map_err(to_error)?);
    }
    Ok(statements)
}

/// What the log does not say: the namespaces are those of the header, no row stands outside of them, and definitions are about what there is.
async fn expect_whole(connection: &mut PgConnection, header: &Header) -> Result<()> {
    let rows = sqlx::query("select id, name, uuid::text from ddb.namespace where name is not null order by id")
        .fetch_all(&mut *connection)
        .await
        .map_err(to_error)?;
    let loaded: Vec<(i32, String, String)> = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
        .collect::<Result<_, sqlx::Error>>()
        .map_err(to_error)?;
    let expected = header.namespaces.iter().map(|namespace| (namespace.id, namespace.name.clone(), namespace.uuid.to_string()));
    if !loaded.into_iter().eq(expected) {
        return Err(damaged("its namespaces are not those of the header"));
    }
    for relation in saved() {
        if columns(connection, relation).await?.iter().any(|column| column == "namespace") {
            let strays = format!(
                "exists (select from ddb.{relation} r where not exists (select from ddb.namespace n where n.id = r.namespace and n.name is not null))"
            );
            expect_none(connection, &strays, &format!("`{relation}` has rows of no namespace")).await?;
        }
    }
    let of_no_table = |relation: &str| {
        format!(
            "exists (
                 select from ddb.{relation} r
                 where not exists (select from ddb.data_table t where t.namespace = r.namespace and t.id = r.table_id)
             )"
        )
    };
    for relation in ["index_column", "index_definition"] {
        expect_none(connection, &of_no_table(relation), &format!("`{relation}` is about no table")).await?;
    }
    let uneven = "exists (select from ddb.index_definition where cardinality(fields) <> cardinality(descending) or cardinality(fields) = 0)";
    expect_none(connection, uneven, "an index is defined by halves").await
}

async fn expect_none(connection: &mut PgConnection, condition: &str, problem: &str) -> Result<()> {
    let row = sqlx::query(AssertSqlSafe(format!("select {condition}"))).fetch_one(connection).await.map_err(to_error)?;
    if row.try_get(0).map_err(to_error)? { Err(damaged(problem)) } else { Ok(()) }
}

async fn execute(connection: &mut PgConnection, statement: String) -> Result<()> {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(statement))).await.map_err(to_error)?;
    Ok(())
}
