use ddb_core::{AttributeId, Error, NamespaceId, NamespaceName, RecordId, Result, Uuid, attribute};
use sqlx::{Connection, PgConnection, Row};

use super::{Namespace, NamespaceInfo, find_by_id, find_by_name};
use crate::connection::to_error;
use crate::dictionary;

/// The advisory lock under which namespaces get their numbers: any fixed number that nothing else in the database uses.
const LOCK: i64 = 0x0064_6462_6e61_6d65;

/// The system's attributes, under table 0, with the names that are hashed.
const SYSTEM_ATTRIBUTES: [(AttributeId, &str); 7] = [
    (attribute::EXISTS, "$exists"),
    (attribute::OWNER, "$owner"),
    (attribute::EXPIRES, "$expires"),
    (attribute::IN, "$in"),
    (attribute::OUT, "$out"),
    (attribute::ERASED, "$erased"),
    (attribute::PRUNED, "$pruned"),
];

/// The namespace `main`, made where it is missing.
pub(crate) async fn ensure_main(connection: &mut PgConnection) -> Result<Namespace> {
    let main = NamespaceName::main();
    let found = match find_by_name(&mut *connection, &main).await? {
        Some(found) => found,
        // Of two processes that start at the same time, the other was faster.
        None => match create(connection, &main, None).await {
            Ok(made) => made,
            Err(error) if error.code() == ddb_core::ErrorCode::Conflict => {
                find_by_name(connection, &main).await?.ok_or_else(|| Error::internal("namespace main was not made"))?
            }
            Err(error) => return Err(error),
        },
    };
    match found.id {
        NamespaceId::MAIN => Ok(Namespace { id: found.id, uuid: found.uuid }),
        other => Err(Error::internal(format!("namespace main has the number {other}"))),
    }
}

/// 409 where the name is taken. Numbers count up, also over those that were removed: their rows stay.
pub(super) async fn create(connection: &mut PgConnection, name: &NamespaceName, by: Option<&RecordId>) -> Result<NamespaceInfo> {
    let mut transaction = connection.begin().await.map_err(to_error)?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await.map_err(to_error)?;
    let made = sqlx::query(
        "
        insert into ddb.namespace (id, name, uuid, created_by)
        select coalesce(max(id), 0) + 1, $1, $2::uuid, $3 from ddb.namespace
        on conflict (name) do nothing
        returning id
        ",
    )
    .bind(name.as_str())
    .bind(Uuid::new_v4().to_string())
    .bind(by.map(|id| id.literal().to_string()))
    .fetch_optional(&mut *transaction)
    .await
    .map_err(to_error)?;
    let Some(made) = made else { return Err(Error::conflict(format!("there is a namespace `{name}` already"))) };
    let id: i32 = made.try_get(0).map_err(to_error)?;
    let salts: Vec<Vec<u8>> = SYSTEM_ATTRIBUTES.iter().map(|_| dictionary::new_salt().to_vec()).collect();
    sqlx::query(
        "
        insert into ddb.attribute (namespace, id, table_id, name, salt)
        select $1, u.id, 0, u.name, u.salt from unnest($2::int[], $3::text[], $4::bytea[]) as u (id, name, salt)
        ",
    )
    .bind(id)
    .bind(SYSTEM_ATTRIBUTES.map(|(attribute, _)| attribute.0).to_vec())
    .bind(SYSTEM_ATTRIBUTES.map(|(_, name)| name).to_vec())
    .bind(salts)
    .execute(&mut *transaction)
    .await
    .map_err(to_error)?;
    let info = find_by_id(&mut *transaction, NamespaceId(id)).await?;
    transaction.commit().await.map_err(to_error)?;
    info.ok_or_else(|| Error::internal("a namespace that was just made is not there"))
}
