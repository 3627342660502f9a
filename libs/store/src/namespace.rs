//! Namespaces: each has an order, a lock and dictionaries of its own.

use ddb_core::{AttributeId, Error, NamespaceId, NamespaceName, Result, Uuid, attribute};
use sqlx::{Connection, PgConnection, Row};

use crate::connection::to_error;
use crate::dictionary;

/// What the store knows of a namespace for as long as it runs.
#[derive(Debug, Clone)]
pub(crate) struct Namespace {
    pub(crate) id: NamespaceId,
    /// Hashed into every transaction, so that the log of one namespace cannot pass for another's.
    pub(crate) uuid: Uuid,
}

/// The namespace `main`, made where it is missing.
pub(crate) async fn ensure_main(connection: &mut PgConnection) -> Result<Namespace> {
    if let Some(namespace) = find(connection, &NamespaceName::main()).await? {
        return Ok(namespace);
    }
    create(connection, NamespaceId::MAIN, &NamespaceName::main()).await?;
    find(connection, &NamespaceName::main()).await?.ok_or_else(|| Error::internal("namespace main was not made"))
}

async fn find(connection: &mut PgConnection, name: &NamespaceName) -> Result<Option<Namespace>> {
    let row = sqlx::query("select id, uuid::text from ddb.namespace where name = $1")
        .bind(name.as_str())
        .fetch_optional(connection)
        .await
        .map_err(to_error)?;
    let Some(row) = row else { return Ok(None) };
    let uuid: String = row.try_get(1).map_err(to_error)?;
    let uuid = Uuid::parse_str(&uuid).map_err(Error::internal)?;
    Ok(Some(Namespace { id: NamespaceId(row.try_get(0).map_err(to_error)?), uuid }))
}

/// Every namespace.
pub(crate) async fn all(connection: &mut PgConnection) -> Result<Vec<NamespaceId>> {
    let rows = sqlx::query("select id from ddb.namespace order by id").fetch_all(connection).await.map_err(to_error)?;
    rows.iter().map(|row| row.try_get(0).map(NamespaceId).map_err(to_error)).collect()
}

/// Two processes that start at the same time make it once: the row decides.
async fn create(connection: &mut PgConnection, id: NamespaceId, name: &NamespaceName) -> Result<()> {
    let mut transaction = connection.begin().await.map_err(to_error)?;
    let made = sqlx::query("insert into ddb.namespace (id, name, uuid) values ($1, $2, $3::uuid) on conflict do nothing")
        .bind(id.0)
        .bind(name.as_str())
        .bind(Uuid::new_v4().to_string())
        .execute(&mut *transaction)
        .await
        .map_err(to_error)?;
    if made.rows_affected() == 1 {
        for (attribute, name) in SYSTEM_ATTRIBUTES {
            sqlx::query("insert into ddb.attribute (namespace, id, table_id, name, salt) values ($1, $2, 0, $3, $4)")
                .bind(id.0)
                .bind(attribute.0)
                .bind(name)
                .bind(dictionary::new_salt().to_vec())
                .execute(&mut *transaction)
                .await
                .map_err(to_error)?;
        }
    }
    transaction.commit().await.map_err(to_error)
}

/// The system's attributes, under table 0, with the names that are hashed.
const SYSTEM_ATTRIBUTES: [(AttributeId, &str); 6] = [
    (attribute::EXISTS, "$exists"),
    (attribute::OWNER, "$owner"),
    (attribute::EXPIRES, "$expires"),
    (attribute::IN, "$in"),
    (attribute::OUT, "$out"),
    (attribute::ERASED, "$erased"),
];
