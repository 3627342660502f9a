use std::time::{Duration, Instant};

use ddb_testkit::{Database, Server, Session, json};

/// Waits until PostgreSQL shows a connection under this name.
async fn shown(session: &mut Session, name: &str) {
    let statement = format!("select count(*)::text from pg_stat_activity where application_name = '{name}'");
    let end = Instant::now() + Duration::from_secs(10);
    while session.value(&statement).await != "1" {
        let names = session.values("select distinct application_name from pg_stat_activity").await;
        assert!(Instant::now() < end, "{name} is not among {names:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Mutant: `application_name` gives an empty text.
#[tokio::test]
async fn postgresql_shows_for_which_request_it_works() {
    let database = Database::new().await;
    let server = Server::builder().over(&database).start().await;
    let user = server.user().await;
    user.post("/api/data/tasks", &json!({ "number": 1 })).await.expect(201);
    let (mut blocking, mut looking) = (database.connect().await, database.connect().await);

    blocking.execute("begin").await;
    for table in blocking
        .values("select 'ddb_data.' || relname from pg_class where relnamespace = 'ddb_data'::regnamespace and relkind = 'r'")
        .await
    {
        blocking.execute(&format!("lock table {table} in access exclusive mode")).await;
    }
    let asked = user.with_header("x-request-id", "a-query-that-waits");
    let query = tokio::spawn(async move { asked.get("/api/data/tasks?where=number%20%2B%201%20%3D%202").await });
    let written = user.with_header("x-request-id", "a-write-that-waits");
    let write = tokio::spawn(async move { written.post("/api/data/tasks", &json!({ "number": 2 })).await });
    shown(&mut looking, "ddb query a-query-that-waits").await;
    shown(&mut looking, "ddb write a-write-that-waits").await;
    blocking.execute("rollback").await;
    query.await.expect("it ends").expect(200);
    write.await.expect("it ends").expect(201);
    let left = "select count(*)::text from pg_stat_activity where application_name like '%-that-waits'";
    assert_eq!(looking.value(left).await, "0", "the name ends with the transaction");
}
