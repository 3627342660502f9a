//! Variables of PostgreSQL's own clients, which many shells have for another server.

use ddb_testkit::{Server, json};

const OF_ANOTHER_SERVER: [(&str, &str); 23] = [
    ("PGHOST", "/nowhere"),
    ("PGHOSTADDR", "192.0.2.1"),
    ("PGPORT", "1"),
    ("PGUSER", "somebody"),
    ("PGPASSWORD", "wrong"),
    ("PGPASSFILE", "/nowhere"),
    ("PGDATABASE", "nothing"),
    ("PGSERVICE", "none"),
    ("PGSERVICEFILE", "/nowhere"),
    ("PGSSLMODE", "verify-full"),
    ("PGSSLROOTCERT", "/nowhere"),
    ("PGSSLCERT", "/nowhere"),
    ("PGSSLKEY", "/nowhere"),
    ("PGOPTIONS", "-c default_transaction_read_only=on -c synchronous_commit=off -c search_path=nowhere"),
    ("PGAPPNAME", "somebody"),
    ("PGTZ", "Asia/Tokyo"),
    ("PGDATESTYLE", "German"),
    ("PGCLIENTENCODING", "LATIN1"),
    ("PGDATA", "/nowhere"),
    ("PGCTLTIMEOUT", "0"),
    ("PG_COLOR", "always"),
    ("PGTARGETSESSIONATTRS", "standby"),
    ("PGREQUIREAUTH", "none"),
];

/// Mutants: `forget_variables_of_postgres` does nothing; `over_socket` without `ssl_mode` and what it forgets.
#[tokio::test]
async fn no_variable_of_postgresql_has_an_effect_on_the_embedded_one() {
    // The first start makes the database, the second finds one.
    let mut builder = Server::builder().empty();
    for (name, value) in OF_ANOTHER_SERVER {
        builder = builder.variable(name, value);
    }
    let mut server = builder.start().await;
    let user = server.user().await;
    let made = user.post("/api/data/tasks", &json!({ "due": { "$datetime": "2026-01-02T03:04:05Z" } })).await.expect(201);
    for command in [&["status"][..], &["verify"], &["admin", "list"]] {
        let output = server.ddb(command);
        assert_eq!(output.code, Some(0), "{command:?}: {output:?}");
    }
    assert_eq!(server.stop().code(), Some(0));
    let alone = server.ddb(&["verify"]);
    assert_eq!(alone.code, Some(0), "{alone:?}");
    server.restart().await;
    assert_eq!(user.get(&made.path()).await.expect(200).json["data"], made.json["data"]);
}
