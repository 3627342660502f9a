//! Values, names and records that are gone without an erasure having been written.

use ddb_core::{NamespaceId, Value};
use ddb_store::job::Progress;
use ddb_store::verify::Scope;
use ddb_testkit::Database;
use sqlx::{Connection, PgConnection};

use super::support::{assert_sound, create, fields, key, store, write};

/// Each on a database of its own, by whoever can write SQL there and compute commitments.
const TAMPERINGS: [(&str, &str); 5] = [
    (
        "a record whose name was replaced by a commitment",
        "update ddb.entity set commitment = decode(repeat('00', 64), 'hex'), key = null, salt = null where id = 1;
         delete from ddb_data.t1_1 where entity = 1",
    ),
    (
        "a value that was replaced by a commitment",
        "update ddb.triple set commitment = decode(repeat('00', 64), 'hex'), value = null, salt = null
         where entity = 1 and attribute = 16;
         update ddb_data.t1_1 set doc = '{}' where entity = 1",
    ),
    (
        "a named record without facts",
        "insert into ddb.entity (namespace, id, table_id, key, salt) values (1, 9, 1, '\\x01', '\\x02')",
    ),
    (
        "a named field without facts",
        "insert into ddb.attribute (namespace, id, table_id, name, salt)
         values (1, 99, 1, 'ghost', decode(repeat('00', 16), 'hex'))",
    ),
    (
        "a fact after the newest transaction",
        "insert into ddb.triple (namespace, table_id, tx, entity, attribute, position, asserted)
         values (1, 1, 99, 1, 1, 0, false)",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_was_removed_or_added_shows() {
    for (name, statements) in TAMPERINGS {
        let database = Database::new().await;
        let store = store(&database).await;
        for n in 0..3 {
            write(&store, vec![create("tasks", key(&format!("k{n}")), fields(&[("n", Value::Int(n))]))]).await.expect("a create");
        }
        assert_sound(&store).await;
        let mut connection = PgConnection::connect_with(&database.options()).await.expect("a connection");
        sqlx::raw_sql(statements).execute(&mut connection).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        connection.close().await.expect("closed");
        let report = ddb_store::verify::verify(&store, NamespaceId::MAIN, Scope::whole(None), &Progress::default())
            .await
            .expect("verify runs");
        assert!(!report.is_sound(), "{name} went unnoticed");
        println!("{name}: {}", report.problems[0]);
        store.close().await;
    }
}
