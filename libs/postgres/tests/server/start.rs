use ddb_postgres::Server;

use crate::support::{Scratch, ask};

#[tokio::test]
async fn a_fresh_directory_gets_a_database_that_answers() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch.config()).await.expect("starts");
    assert!(server.version().starts_with("18."));
    let facts = ask(
        server.connection(),
        "select concat_ws(' ', current_database(), current_user, current_setting('server_encoding'), \
         current_setting('data_checksums'), datcollate, datctype) from pg_database where datname = current_database()",
    )
    .await;
    assert_eq!(facts, "darshjdb ddb UTF8 on C C");
    server.stop().await.expect("stops");
}
