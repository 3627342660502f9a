//! Records that are erased by name.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_an_erased_record_is_left_and_the_log_verifies() {
    let database = Database::new().await;
    let store = store(&database).await;
    let secret = fill(&store, "people").await;
    analyze(&database).await;
    let held = holding(&database).await;
    for place in ["ddb.triple:", "ddb.entity:", "ddb_data.t1_1:", "samples of t1_1.doc", "samples of t1_1.x1"] {
        assert!(held.iter().any(|held| held.starts_with(place)), "the test looks at {place}: {held:?}");
    }
    let before = store.head(NamespaceId::MAIN).await.expect("a head");
    let erased = erase(&store, "people", &[secret.clone(), key("never was"), secret.clone()]).await;
    assert_eq!((erased.changed, erased.tx.0), (1, before.0 + 1));

    // From the commit on it is nowhere, whatever is left of it in the database.
    let (people, everybody) = (table("people"), |_: Option<&RecordKey>| true);
    assert!(get(&store, "people", &secret).await.is_none());
    for tx in 1..=erased.tx.0 {
        let at = store.get_at(NamespaceId::MAIN, &people, &secret, At::Tx(ddb_core::Tx(tx)), &everybody).await;
        assert!(at.expect("a read").data.is_none(), "tx {tx}");
        if let Some(shown) = store.audit_transaction(NamespaceId::MAIN, ddb_core::Tx(tx), &everybody).await.expect("a read").data
        {
            assert!(!format!("{:?}", shown.facts).contains(SECRET), "tx {tx}");
        }
    }
    let history = store.history(NamespaceId::MAIN, &people, &secret, (None, 100), &everybody).await;
    assert!(history.expect("a read").data.is_none());
    let proof = store.prove(NamespaceId::MAIN, (&people, &secret), (None, None), &everybody).await;
    assert!(proof.expect("a read").data.is_none());
    assert_sound(&store).await;

    // A backup that is taken now carries it out first.
    let (copy, _) = restored(&store, &[]).await;
    assert_eq!(holding(&copy).await, Vec::<String>::new());
    erasure::finish(&store).await.expect("it is carried out");
    assert_eq!(holding(&database).await, Vec::<String>::new());
    assert_sound(&store).await;
    let left = "select count(*)::text from ddb.erasure where done_at is null or owner is not null";
    assert_eq!(database.connect().await.value(left).await, "0");

    // The neighbours are as they were, also in what the log says of them.
    let neighbour = get(&store, "people", &key("before")).await.expect("a neighbour");
    assert_eq!(neighbour.fields, fields(&[("title", text("neighbour 19"))]));
    let history = store.history(NamespaceId::MAIN, &people, &key("before"), (None, 100), &everybody).await.expect("a history");
    assert_eq!(history.data.expect("a history").versions.len(), 21);
    let proof = store.prove(NamespaceId::MAIN, (&people, &key("before")), (Some(ddb_core::Tx(2)), None), &everybody).await;
    assert!(proof.expect("a proof of a transaction of both").data.is_some());
    assert_eq!(rebuild(&store, NamespaceId::MAIN).await.expect("rebuilt"), 2);
    assert_sound(&store).await;

    // Erasing it again does nothing; the key is free for another record, which knows nothing of the one before.
    let again = erase(&store, "people", std::slice::from_ref(&secret)).await;
    assert_eq!((again.changed, again.tx), (0, erased.tx));
    write(&store, vec![create("people", secret.clone(), fields(&[("n", Value::Int(2))]))]).await.expect("a create");
    let history = store.history(NamespaceId::MAIN, &people, &secret, (None, 100), &everybody).await.expect("a history");
    assert_eq!(history.data.expect("a history").versions.len(), 1);
    assert_sound(&store).await;
    assert_eq!(erase(&store, "people", std::slice::from_ref(&secret)).await.changed, 1);
    erasure::finish(&store).await.expect("it is carried out");
    assert_eq!(holding(&database).await, Vec::<String>::new());
    assert_sound(&store).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_record_of_a_table_leaves_no_samples() {
    let database = Database::new().await;
    let store = store(&database).await;
    let keys: Vec<RecordKey> = (0..40).map(|n| key(&format!("{SECRET} {n}"))).collect();
    let steps = keys.iter().map(|key| create("people", key.clone(), fields(&[("title", text(&format!("{SECRET} {key:?}")))])));
    write(&store, steps.collect()).await.expect("creates");
    index(&store, "people", "title", true).await;
    analyze(&database).await;
    erase(&store, "people", &keys).await;
    erasure::finish(&store).await.expect("it is carried out");
    assert_eq!(holding(&database).await, Vec::<String>::new());
    // The table works on.
    write(&store, vec![create("people", key("new"), fields(&[("title", text("a"))]))]).await.expect("a create");
    let taken = write(&store, vec![create("people", key("new2"), fields(&[("title", text("a"))]))]).await;
    assert!(taken.is_err(), "the unique index is there");
    assert_sound(&store).await;
    store.close().await;
}

/// One that cannot be carried out (PostgreSQL's files are damaged, say) keeps the others from nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_is_done_also_where_another_one_fails() {
    // Mutants: `is_due` is always false; `clear_all` returns with the first that fails.
    let database = Database::new().await;
    let store = store(&database).await;
    for name in ["a", "b", "c"] {
        write(&store, vec![create("people", key(name), fields(&[("title", text(SECRET))]))]).await.expect("a create");
        erase(&store, "people", &[key(name)]).await;
    }
    let mut session = database.connect().await;
    session.execute("update ddb.triple set salt = '\\x01' where entity = 2 and attribute >= 16").await;
    (erasure::carrier().run)(store.clone()).await.expect_err("one fails");
    let done = "select string_agg(entity::text, ' ' order by entity) from ddb.erasure where done_at is not null";
    assert_eq!(session.value(done).await, "1 3");
    assert_eq!(session.holding(SECRET).await, ["ddb.triple: 1 rows"]);
    store.close().await;
}

/// PostgreSQL keeps what was erased for who reads an older state; until he has ended, nobody is told that it is gone.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_is_not_done_while_somebody_reads_an_older_state() {
    // Mutants: `is_past` is always true; `oldest_snapshot` asks for no `backend_xmin`; `conclude` forgets what it has vacuumed.
    let database = Database::new().await;
    let store = store(&database).await;
    let secret = fill(&store, "people").await;
    let (mut reader, mut session) = (database.connect().await, database.connect().await);
    reader.execute("begin isolation level repeatable read read only").await;
    reader.value("select count(*)::text from ddb.triple").await;
    erase(&store, "people", &[secret]).await;
    let finished = async || store.erasures(NamespaceId::MAIN, ddb_core::Tx(i64::MAX), 10).await.expect("a read")[0].finished;
    let vacuumed = "select vacuum_count::text from pg_stat_all_tables where schemaname = 'ddb' and relname = 'triple'";
    let carrier = erasure::carrier();
    for _ in 0..3 {
        (carrier.run)(store.clone()).await.expect("it is carried out");
        assert_eq!(finished().await, None);
    }
    assert_eq!(session.value(vacuumed).await, "1", "it would free nothing");
    assert_eq!(session.holding(SECRET).await, Vec::<String>::new(), "whoever looks now sees nothing of it");
    assert!(!reader.holding(SECRET).await.is_empty(), "the reader does");
    // A backup does not wait for the reader.
    backup::save(&store, Vec::new(), &backup::Progress::default()).await.expect("a backup");
    reader.execute("commit").await;
    (carrier.run)(store.clone()).await.expect("it is carried out");
    assert!(finished().await.is_some());
    assert_eq!(session.value(vacuumed).await, "2");
    store.close().await;
}

/// Values in their own transactions, many more than one piece, are cleared to the last one, and nobody who writes waits for that.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_is_cleared_in_pieces_while_others_write() {
    let database = Database::new().await;
    let store = store(&database).await;
    let secret = key(SECRET);
    let many: Vec<(String, Value)> = (0..900).map(|n| (format!("f{n}"), text(&format!("{SECRET} {n}")))).collect();
    write(&store, vec![create("people", secret.clone(), many.into_iter().collect())]).await.expect("a create");
    // More facts of one field in one transaction than one piece takes.
    let often = (0..1_500).map(|n| set("people", secret.clone(), "f0", text(&format!("{SECRET} {n}"))));
    write(&store, often.collect()).await.expect("many updates");
    for n in 0..200 {
        let steps = vec![set("people", secret.clone(), "f1", Value::Int(n)), set("people", secret.clone(), "f2", text(SECRET))];
        write(&store, steps).await.expect("an update");
    }
    erase(&store, "people", std::slice::from_ref(&secret)).await;
    let writer = store.clone();
    let writing = tokio::spawn(async move {
        for n in 0..200 {
            write(&writer, vec![create("people", RecordKey::Int(n), fields(&[]))]).await.expect("a create");
        }
    });
    erasure::finish(&store).await.expect("it is carried out");
    writing.await.expect("no panic");
    assert_eq!(holding(&database).await, Vec::<String>::new());
    let left = "select count(*)::text from ddb.triple where entity = 1 and asserted and attribute <> 6 and (value is not null or salt is not null)";
    assert_eq!(database.connect().await.value(left).await, "0");
    assert_sound(&store).await;
    store.close().await;
}

/// An attacker who can write SQL computes every commitment; that it was erased he cannot have the log say.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_without_an_erasure_shows() {
    let database = Database::new().await;
    let store = store(&database).await;
    write(&store, vec![create("people", key("a"), fields(&[("n", text("x"))])), create("people", key("b"), fields(&[]))])
        .await
        .expect("creates");
    let problems = async || {
        let report = verify(&store, NamespaceId::MAIN, Scope::whole(None), &Progress::default()).await.expect("verify runs");
        report.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let mut connection = PgConnection::connect_with(&database.options()).await.expect("a connection");
    let row = sqlx::query("select value, salt from ddb.triple where entity = 1 and attribute >= 16")
        .fetch_one(&mut connection)
        .await
        .expect("the fact");
    let (value, salt): (Vec<u8>, Vec<u8>) = (row.get(0), row.get(1));
    let commitment = chain::commitment(&salt.clone().try_into().expect("a salt"), &value);
    sqlx::query("update ddb.triple set value = null, salt = null, commitment = $1 where entity = 1 and attribute >= 16")
        .bind(&commitment[..])
        .execute(&mut connection)
        .await
        .expect("an update");
    assert!(problems().await.contains("entity 1: values or its name are missing"), "{}", problems().await);
    // The relation that is no part of the log proves nothing, and a row of it that the log knows nothing of shows.
    sqlx::raw_sql("insert into ddb.erasure (namespace, entity, name, reason, tx, cleared_at) values (1, 1, '', 'x', 1, 1)")
        .execute(&mut connection)
        .await
        .expect("an insert");
    let found = problems().await;
    assert!(found.contains("entity 1: values or its name are missing") && found.contains("erasures: 1 are noted"), "{found}");
    sqlx::raw_sql("delete from ddb.erasure").execute(&mut connection).await.expect("a delete");

    // What was erased and comes back shows as well, whatever is noted.
    erase(&store, "people", &[key("a")]).await;
    assert_eq!(problems().await, "");
    erasure::finish(&store).await.expect("it is carried out");
    assert_eq!(problems().await, "");
    for (statement, undo) in [
        (
            "update ddb.erasure set name = decode(repeat('00', 64), 'hex')",
            "update ddb.erasure r set name = e.commitment from ddb.entity e where e.id = 1",
        ),
        ("update ddb.erasure set tx = tx - 1", "update ddb.erasure set tx = tx + 1"),
        ("update ddb.erasure set entity = 2", "update ddb.erasure set entity = 1"),
    ] {
        sqlx::raw_sql(statement).execute(&mut connection).await.expect("an update");
        assert!(problems().await.contains("erasures: 1 are noted that the log does not hold"), "{statement}");
        sqlx::raw_sql(undo).execute(&mut connection).await.expect("an update");
        assert_eq!(problems().await, "");
    }
    sqlx::query("update ddb.triple set value = $1, salt = $2 where entity = 1 and attribute >= 16")
        .bind(&value)
        .bind(&salt)
        .execute(&mut connection)
        .await
        .expect("an update");
    assert_eq!(problems().await, "erasures: 1 values are there of records whose erasure was carried out");
    sqlx::raw_sql("delete from ddb.erasure").execute(&mut connection).await.expect("a delete");
    let found = problems().await;
    assert!(found.contains("erasures: 1 values are there") && found.contains("erasures: 1 of the log are not noted"), "{found}");
    connection.close().await.expect("closed");
    store.close().await;
}

/// The erasure of an account in a namespace that is removed before it is carried out ends, and keeps nobody's backup waiting.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_in_a_removed_namespace_comes_to_an_end() {
    let database = Database::new().await;
    let store = store(&database).await;
    let name = NamespaceName::parse("other").expect("a name");
    let namespace = store.create_namespace(&name, None).await.expect("a namespace").id;
    let in_namespace = |steps, system| Write { namespace, actor: None, request: None, allowance: Allowance::ANY, steps, system };
    store.write(in_namespace(vec![owned("user", "ada", "ada", SECRET)], Vec::new())).await.expect("a user");
    store.write(in_namespace(vec![owned("notes", "n", "ada", SECRET)], Vec::new())).await.expect("a note");
    let account = ErasedAccount { id: "ada".to_owned(), notice: String::new(), may_be_last_admin: false };
    let system = vec![SystemRow::Erasure(NewErasure { account: Some(account) })];
    let step = erasure::step(RecordId::new(table("user"), key("ada")), "asked for".to_owned());
    store.write(in_namespace(vec![step], system)).await.expect("an erasure");
    assert!(store.remove_namespace(&name).await.expect("it is removed"));
    tokio::time::timeout(std::time::Duration::from_secs(20), erasure::finish(&store)).await.expect("it ends").expect("well");
    backup::save(&store, Vec::new(), &backup::Progress::default()).await.expect("a backup");
    store.close().await;
}
