//! Backups that are older than an erasure.

use super::*;

/// Threats: a backup that is older than an erasure brings back nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_backup_is_restored_without_what_was_erased_since() {
    let database = Database::new().await;
    let store = store(&database).await;
    let secret = fill(&store, "people").await;
    let (_, older) = backup::save(&store, Vec::new(), &backup::Progress::default()).await.expect("a backup");
    write(&store, vec![create("people", key("later"), fields(&[("title", text(&format!("{SECRET} later")))]))])
        .await
        .expect("a create");
    erase(&store, "people", &[secret.clone(), key("later")]).await;
    erasure::finish(&store).await.expect("it is carried out");
    let mut list = Vec::new();
    assert_eq!(erasure::list(&store, &mut list).await.expect("a list"), 2);
    assert!(!String::from_utf8_lossy(&list).contains(SECRET), "the list itself tells nothing");
    let list = erasure::read(list.as_slice()).expect("a list");

    let (without, _) = restored_from(older.clone(), &[]).await;
    assert!(!holding(&without).await.is_empty(), "the older backup holds it");
    // Lists may be put one behind the other.
    let (restored, counts) = restored_from(older.clone(), &[&list[..], &list[..]].concat()).await;
    assert_eq!(counts, Counts { erased: 1, removed: 0, unmatched: 2 }, "what came into being after the backup is not in it");
    assert_eq!(holding(&restored).await, Vec::<String>::new());
    let store = crate::support::store(&restored).await;
    assert!(get(&store, "people", &secret).await.is_none());
    assert!(get(&store, "people", &key("before")).await.is_some());
    assert_sound(&store).await;
    let mut again = Vec::new();
    assert_eq!(erasure::list(&store, &mut again).await.expect("a list"), 1, "and it is on the list from now on");
    // Where the log went on differently, the number is another record's.
    write(&store, vec![create("people", key("innocent"), fields(&[]))]).await.expect("a create");
    // What is erased from now on has numbers of its own.
    write(&store, vec![create("people", key("next"), fields(&[]))]).await.expect("a create");
    assert_eq!(erase(&store, "people", &[key("next")]).await.changed, 1);
    let (_, other) = backup::save(&store, Vec::new(), &backup::Progress::default()).await.expect("a backup");
    let (other, counts) = restored_from(other, &list).await;
    assert_eq!(counts, Counts { erased: 0, removed: 0, unmatched: 1 }, "the other one was erased before the backup");
    let other = crate::support::store(&other).await;
    assert!(get(&other, "people", &key("innocent")).await.is_some());
    for store in [store, other] {
        store.close().await;
    }
}

/// Only where it is done before anything is served does it count: an opening store does what a restore that was killed has left.
#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_was_killed_before_it_erased_is_finished_by_whoever_opens_the_database() {
    // Mutant: `Store::open` without `erasure::apply`.
    let database = Database::new().await;
    let store = store(&database).await;
    let secret = fill(&store, "people").await;
    store.close().await;
    let mut session = database.connect().await;
    session
        .execute(
            "insert into ddb.erasure (namespace, entity, name, reason)
             select 1, entity, '', 'from a list' from ddb_data.t1_1 where strpos(encode(key, 'escape'), 'kzxq') > 0",
        )
        .await;
    let store = crate::support::store(&database).await;
    assert!(get(&store, "people", &secret).await.is_none());
    erasure::finish(&store).await.expect("it is carried out");
    assert_eq!(session.holding(SECRET).await, Vec::<String>::new());
    assert_sound(&store).await;
    store.close().await;
}

/// What was erased in a namespace that was removed since does not come back with it.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_backup_is_restored_without_a_namespace_that_was_removed_since() {
    // Mutants: `list` without `removed`; `restore` does not take the name away; it does not purge; `purge_all` does not vacuum.
    let database = Database::new().await;
    let store = store(&database).await;
    let name = |name: &str| NamespaceName::parse(name).expect("a name");
    write(&store, vec![create("people", key("mains"), fields(&[("title", text("of main"))]))]).await.expect("a create");
    let account = SystemRow::Account(NewAccount {
        id: SECRET.to_owned(),
        email: format!("{SECRET}@example.com"),
        password_hash: None,
        roles: Vec::new(),
        verified: false,
    });
    for (of, value) in [("gone", SECRET), ("stays", "harmless")] {
        let namespace = store.create_namespace(&name(of), None).await.expect("a namespace").id;
        let in_namespace =
            |steps, system| Write { namespace, actor: None, request: None, allowance: Allowance::ANY, steps, system };
        let system = if of == "gone" { vec![account.clone()] } else { Vec::new() };
        let steps = vec![owned("notes", "n", "ada", value), owned("notes", "o", "ada", value)];
        store.write(in_namespace(steps, system)).await.expect("notes");
    }
    let (_, older) = backup::save(&store, Vec::new(), &backup::Progress::default()).await.expect("a backup");
    let namespace = store.namespace(&name("gone")).await.expect("a look").expect("it is there");
    let steps = vec![erasure::step(RecordId::new(table("notes"), key("n")), "asked for".to_owned())];
    let system = vec![SystemRow::Erasure(NewErasure { account: None })];
    let erase = Write { namespace, actor: None, request: None, allowance: Allowance::ANY, steps, system };
    store.write(erase).await.expect("an erasure");
    erasure::finish(&store).await.expect("it is carried out");
    let listed = async |store: &Store| {
        let mut list = Vec::new();
        erasure::list(store, &mut list).await.expect("a list");
        list
    };
    let erased_in_it = erasure::read(listed(&store).await.as_slice()).expect("a list");
    assert!(matches!(&erased_in_it[..], [erasure::Listed::Record(_)]), "{erased_in_it:?}");
    assert!(store.remove_namespace(&name("gone")).await.expect("it is removed"));
    let before_purge = listed(&store).await;
    let purged = "select (purged_at is not null)::text from ddb.namespace where name is null";
    let mut session = database.connect().await;
    while session.value(purged).await != "true" {
        (ddb_store::namespace::purger().run)(store.clone()).await.expect("it is purged");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let list = listed(&store).await;
    assert_eq!(list, before_purge);
    let list = erasure::read(list.as_slice()).expect("a list");
    assert!(matches!(&list[..], [erasure::Listed::Namespace(_)]), "{list:?}");

    let (without, _) = restored_from(older.clone(), &[]).await;
    assert!(!holding(&without).await.is_empty(), "the older backup holds it");
    let both = [&erased_in_it[..], &list[..]].concat();
    let (restored, counts) = restored_from(older, &both).await;
    assert_eq!(counts, Counts { erased: 0, removed: 1, unmatched: 0 });
    assert_eq!(holding(&restored).await, Vec::<String>::new());
    let (_, newer) = backup::save(&store, Vec::new(), &backup::Progress::default()).await.expect("a backup");
    let (_, counts) = restored_from(newer, &both).await;
    assert_eq!(counts, Counts { erased: 0, removed: 0, unmatched: 0 }, "it was removed before this backup");
    let mut session = restored.connect().await;
    let names = session.values("select coalesce(name, 'removed') from ddb.namespace order by id").await;
    assert_eq!(names, ["main", "removed", "stays"]);
    let vacuumed = "select relname from pg_stat_all_tables where schemaname = 'ddb' and vacuum_count > 0";
    let vacuumed = session.values(vacuumed).await;
    assert!(["triple", "entity", "account"].iter().all(|name| vacuumed.iter().any(|one| one == name)), "{vacuumed:?}");
    let restored = crate::support::store(&restored).await;
    assert_eq!(erasure::read(listed(&restored).await.as_slice()).expect("a list"), list);
    let stays = restored.namespace(&name("stays")).await.expect("a look").expect("it is there");
    assert!(restored.get(stays, &table("notes"), &key("n")).await.expect("a read").data.is_some());
    assert!(get(&restored, "people", &key("mains")).await.is_some());
    assert!(restored.namespace(&name("gone")).await.expect("a look").is_none());
    assert_sound(&restored).await;
    for store in [store, restored] {
        store.close().await;
    }
}
