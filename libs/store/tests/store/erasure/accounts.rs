//! Accounts, and what they owned.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_goes_with_all_that_it_owned_also_what_it_had_deleted() {
    // Mutants: `owned.rs`: looks at records that exist only; `is_his` is always true; `find_actors` is not asked anew.
    let database = Database::new().await;
    let (store, other_process) = (store(&database).await, crate::support::store(&database).await);
    account(&store, "boss", &["admin"], "bossy").await;
    account(&store, "ada", &[], SECRET).await;
    let as_ada = |steps| Write {
        namespace: NamespaceId::MAIN,
        actor: Some(key("ada")),
        request: None,
        allowance: Allowance::ANY,
        steps,
        system: Vec::new(),
    };
    other_process.write(as_ada(vec![owned("notes", "n0", "ada", SECRET)])).await.expect("a write of hers");
    for n in 1..130 {
        let of = if n % 2 == 0 { "notes" } else { "tasks" };
        write(&store, vec![owned(of, &format!("n{n}"), "ada", SECRET)]).await.expect("a create");
    }
    write(&store, vec![delete("notes", key("n2"))]).await.expect("a delete");
    // A key that was hers is another's now: that is not hers to take along.
    write(&store, vec![owned("notes", "shared", "ada", "short")]).await.expect("a create");
    write(&store, vec![delete("notes", key("shared"))]).await.expect("a delete");
    write(&store, vec![owned("notes", "shared", "boss", "bossy")]).await.expect("a create");
    write(&store, vec![owned("notes", "other", "boss", "bossy")]).await.expect("a create");
    let (_, older) = backup::save(&store, Vec::new(), &backup::Progress::default()).await.expect("a backup");

    let error = erase_account(&store, "boss").await.expect_err("the last admin stays");
    assert_eq!(error.code(), ddb_core::ErrorCode::Conflict);
    erase_account(&store, "ada").await.expect("an erasure");
    let late = other_process.write(as_ada(vec![owned("notes", "late", "ada", SECRET)])).await;
    let late = late.expect_err("nobody writes in the name of who is erased").error;
    assert_eq!(late.code(), ddb_core::ErrorCode::Unauthenticated);
    erasure::finish(&store).await.expect("it is carried out");
    let mut session = database.connect().await;
    assert_eq!(session.holding(SECRET).await, Vec::<String>::new());
    assert_eq!(session.value("select count(*)::text from ddb.account").await, "1");
    assert!(get(&store, "notes", &key("shared")).await.is_some() && get(&store, "notes", &key("other")).await.is_some());
    assert!(get(&store, "tasks", &key("n1")).await.is_none());

    let mut list = Vec::new();
    erasure::list(&store, &mut list).await.expect("a list");
    let list = erasure::read(list.as_slice()).expect("a list");
    assert_eq!((list.len(), list.iter().filter(|line| is_account(line)).count()), (131, 1));
    // Of the account alone, as the list was when it had just been erased: what it owned is found again.
    let accounts: Vec<_> = list.into_iter().filter(is_account).collect();
    let (restored, _) = restored_from(older, &accounts).await;
    let mut session = restored.connect().await;
    assert_eq!(session.value("select string_agg(id, ',') from ddb.account").await, "boss");
    let left = session.values("select distinct d.name from ddb.entity e join ddb.data_table d on d.id = e.table_id where e.key is not null and d.name <> 'user' order by 1").await;
    assert_eq!(left, ["notes"]);
    let store_of_restored = crate::support::store(&restored).await;
    assert!(get(&store_of_restored, "notes", &key("shared")).await.is_some());
    assert_sound(&store_of_restored).await;
    for store in [store, other_process, store_of_restored] {
        store.close().await;
    }
}

/// A script of sign-ups and deletions costs one look through the records at a time, however many accounts there are.
#[tokio::test(flavor = "multi_thread")]
async fn accounts_look_through_the_records_together() {
    // Mutants: `passes` has a pass for each account; `remember` remembers of one alone; an account that has looked further is put into the pass of the others.
    const OTHERS: usize = 3_000;
    const ACCOUNTS: usize = 20;
    let database = Database::new().await;
    let store = store(&database).await;
    let id = |n: usize| format!("account{n}");
    let fill = async |n: usize| {
        account(&store, &id(n), &[], &format!("{SECRET}{n}")).await;
        for k in ["kept", "deleted"] {
            write(&store, vec![owned("notes", &format!("{k}{n}"), &id(n), SECRET)]).await.expect("a create");
        }
        write(&store, vec![delete("notes", key(&format!("deleted{n}")))]).await.expect("a delete");
    };
    for n in 1..ACCOUNTS {
        fill(n).await;
    }
    for chunk in 0..OTHERS / 500 {
        let steps = (0..500).map(|n| create("notes", RecordKey::Int((chunk * 500 + n) as i64), fields(&[])));
        write(&store, steps.collect()).await.expect("creates");
    }
    fill(0).await;
    for n in 0..ACCOUNTS {
        erase_account(&store, &id(n)).await.expect("an erasure");
    }
    let mut session = database.connect().await;
    // As if the account that was made last had begun before the others: it has looked at all that is not its own.
    session
        .execute(&format!("update ddb.erasure set looked_at = {OTHERS} where entity = (select max(entity) from ddb.erasure)"))
        .await;
    session.execute("analyze").await;
    let looked_at =
        "select idx_tup_read::text from pg_stat_all_indexes where schemaname = 'ddb' and indexrelname = 'entity_pkey'";
    let before: usize = session.value(looked_at).await.parse().expect("a number");
    erasure::finish(&store).await.expect("it is carried out");
    // A session tells what it did when it ends, at the latest.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let looked = loop {
        let now: usize = session.value(looked_at).await.parse().expect("a number");
        if now >= before + OTHERS {
            break now - before;
        }
        assert!(std::time::Instant::now() < end, "nobody has looked");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert!(looked < 2 * OTHERS, "{looked} names of {OTHERS} were looked at");
    let behind = format!("select count(*)::text from ddb.erasure where is_account and looked_at < {OTHERS}");
    assert_eq!(session.value(&behind).await, "0", "who is interrupted goes on from where he was");
    assert_eq!(session.holding(SECRET).await, Vec::<String>::new());
    assert_eq!(session.value("select count(*)::text from ddb.entity where key is not null").await, OTHERS.to_string());
    assert_sound(&store).await;
    store.close().await;
}

/// Whose records cannot be erased leaves the pass in which the others look through all records.
#[tokio::test(flavor = "multi_thread")]
async fn the_erasure_of_an_account_ends_also_where_that_of_another_one_fails() {
    // Mutant: `run` returns with the first that fails.
    let database = Database::new().await;
    let store = store(&database).await;
    for id in ["ada", "bob", "eve"] {
        account(&store, id, &[], &format!("{SECRET}{id}")).await;
        write(&store, vec![owned("notes", &format!("of {id}"), id, SECRET)]).await.expect("a create");
        erase_account(&store, id).await.expect("an erasure");
    }
    let mut session = database.connect().await;
    let spoilt = "update ddb.entity set key = '\\xff' where key = (select key from ddb_data.t1_2 where tx = 5)";
    assert_eq!(session.execute(spoilt).await, 1);
    (erasure::carrier().run)(store.clone()).await.expect_err("one fails");
    let open = "select string_agg(tx::text, ' ' order by tx) from ddb.erasure where is_account and cleared_at is null";
    assert_eq!(session.value(open).await, "6");
    assert_eq!(session.value("select count(*)::text from ddb_data.t1_2").await, "1");
    store.close().await;
}
