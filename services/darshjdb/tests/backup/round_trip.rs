//! What comes back.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;

use ddb_testkit::{Caller, Client, Database, Json, Output, Server, command, json};

use crate::{back_up, done, refused, text};

const MASTER_KEY: &str = "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210";

/// Whatever clients can see of the records of `fill`.
struct Seen {
    tasks: Json,
    notes: Json,
    history: Json,
    past: Json,
    indexes: Json,
    profile: Json,
}

/// Records of many kinds of values, changed and deleted ones, an index and a unique one, two owners.
async fn fill(server: &Server) -> (Caller, Caller) {
    let (user, admin) = (server.user().await, server.admin().await);
    let numbers: Vec<Json> = (0..40)
        .map(|n| json!({ "id": format!("t{n:02}"), "title": format!("task {n}"), "n": n, "half": f64::from(n) / 2.0, "done": n % 3 == 0 }))
        .collect();
    user.post("/api/data/tasks", &json!(numbers)).await.expect(201);
    let kinds = json!({
        "id": "kinds", "text": "žluť 🐎 ' \" \\ \u{1}", "none": null, "list": [1, 1.0, "1", [], {}], "object": { "a": { "b": [true] } },
        "when": { "$datetime": "2026-01-02T03:04:05.678901Z" }, "decimal": { "$decimal": "1.10" }, "link": { "$record": "tasks:t01" },
        "bytes": { "$bytes": "AAEC/w==" }, "zero": -0.0, "large": "x".repeat(300_000),
    });
    admin.post("/api/data/notes", &kinds).await.expect(201);
    admin.post("/api/data/notes", &json!({ "id": "short-lived", "$ttl": 3600 })).await.expect(201);
    let composite = json!([
        { "id": ["London", 1.5, { "a": 1.0 }, { "$datetime": "2026-01-02T03:04:05Z" }], "link": { "$record": "notes:{ a: [0.1dec] }" } },
        { "id": { "a": [{ "$decimal": "0.10" }] }, "link": { "$record": "notes:['London', 1.5, { a: 1 }, d'2026-01-02T03:04:05Z']" } },
    ]);
    admin.post("/api/data/notes", &composite).await.expect(201);
    for n in 0..10 {
        user.patch("/api/data/tasks/t01", &json!({ "n": 100 + n, "done": null })).await.expect(200);
    }
    user.delete("/api/data/tasks/t02").await.expect(204);
    user.delete("/api/data/tasks/t03").await.expect(204);
    user.post("/api/data/tasks", &json!({ "id": "t03", "title": "again", "n": -1 })).await.expect(201);
    admin.post("/api/schema/tasks/indexes", &json!({ "name": "by_n", "fields": ["-n", "title"] })).await.expect(201);
    admin
        .post("/api/schema/tasks/indexes", &json!({ "name": "one_title", "fields": ["title"], "unique": true }))
        .await
        .expect(201);
    (user, admin)
}

async fn see(user: &Client, admin: &Client, tx: i64) -> Seen {
    let get = async |client: &Client, path: &str| {
        let mut json = client.get(path).await.expect(200).json;
        // The newest transaction: signing in is none, so it is the same on both sides, but a list names the state that it shows.
        json.as_object_mut().expect("an object").remove("tx");
        json
    };
    Seen {
        tasks: get(user, "/api/data/tasks?limit=1000&order=-n,title&fields=_tx,_owner,created,updated,title,n,half,done").await,
        notes: get(admin, "/api/data/notes?limit=1000").await,
        history: get(user, "/api/data/tasks/t01/history").await,
        past: get(user, &format!("/api/data/tasks/t01?at={tx}")).await,
        indexes: get(admin, "/api/schema/tasks/indexes").await,
        profile: get(user, "/api/auth/me").await,
    }
}

impl Seen {
    #[track_caller]
    fn assert_is(&self, other: &Self) {
        assert_eq!(self.tasks["data"].as_array().map(Vec::len), Some(39));
        for (name, one, two) in [
            ("tasks", &self.tasks, &other.tasks),
            ("notes", &self.notes, &other.notes),
            ("history", &self.history, &other.history),
            ("past", &self.past, &other.past),
            ("indexes", &self.indexes, &other.indexes),
            ("profile", &self.profile, &other.profile),
        ] {
            assert_eq!(one, two, "{name}");
        }
    }
}

async fn sign_in(server: &Server, caller: &Caller) -> Caller {
    Caller::sign_in(&server.anon(), &caller.email).await
}

/// Mutants: `relations::SAVED` without `account`, or without `index_column`; `projections::build` does not call `create_ready`; it does not write
/// the index columns; `Fact` of a retraction is left out (`where asserted` in the copy).
#[tokio::test]
async fn a_restored_server_has_everything_but_sessions() {
    let mut server = Server::start().await;
    let (user, admin) = fill(&server).await;
    let tx = user.get("/api/data/tasks/t01").await.expect(200).tx() - 6;
    let before = see(&user, &admin, tx).await;
    let file = server.directory().join("backup.ddb");
    let saved = back_up(&server, &file);
    assert_eq!(std::fs::metadata(&file).expect("the file").mode() & 0o777, 0o600);
    let head = saved["namespaces"][0]["head_hash"].as_str().expect("a hash").to_owned();
    assert_eq!(saved["rows"]["account"], 2);

    // The data directory is lost, and its master key with it.
    assert_eq!(server.stop().code(), Some(0));
    let lost = server.directory().join("lost");
    std::fs::rename(server.data_dir(), &lost).expect("it can be moved");
    let restored = server.ddb(&["restore", text(&file)]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert!(restored.stdout.contains(&head) && restored.stdout.contains("all users must sign in again"), "{restored:?}");

    let verified = done(&server.ddb(&["verify", "--json", "--expect-head", &head]));
    assert_eq!((&verified["sound"], &verified["head_hash"]), (&json!(true), &json!(head)));
    server.restart().await;
    user.with_token(user.client.token.clone().expect("a token")).get("/api/auth/me").await.expect_error(401, "UNAUTHENTICATED");
    let refresh = json!({ "refresh_token": user.refresh_token });
    server.anon().post("/api/auth/refresh", &refresh).await.expect_error(401, "UNAUTHENTICATED");
    let (user, admin) = (sign_in(&server, &user).await, sign_in(&server, &admin).await);
    see(&user, &admin, tx).await.assert_is(&before);

    // It goes on where the log ended, and what is unique stays so.
    let taken = json!({ "title": "task 9", "n": 1 });
    user.post("/api/data/tasks", &taken).await.expect_error(409, "CONFLICT");
    let made = user.post("/api/data/tasks", &json!({ "title": "new", "n": 1 })).await.expect(201);
    assert!(made.tx() > saved["namespaces"][0]["tx"].as_i64().expect("a number"), "{}", made.text());
    let rebuilt = server.ddb(&["rebuild"]);
    assert_eq!(rebuilt.code, Some(0), "{rebuilt:?}");
    assert_eq!(done(&server.ddb(&["verify", "--json", "--expect-head", &head]))["sound"], true);
}

/// Mutants: `relations::SAVED` has `session`; `expect_empty` gives Ok.
#[tokio::test]
async fn a_backup_goes_to_a_database_of_ones_own_and_back() {
    let (one, two) = (Database::new().await, Database::new().await);
    let server = Server::builder().over(&one).variable("DDB_MASTER_KEY", MASTER_KEY).start().await;
    let (user, admin) = fill(&server).await;
    let tx = user.get("/api/data/tasks/t01").await.expect(200).tx();
    let before = see(&user, &admin, tx).await;
    let file = server.directory().join("backup.ddb");
    let saved = back_up(&server, &file);

    let restore = |database: &Database| {
        let mut restore = command("ddb");
        restore.args(["restore", "--json", text(&file)]).env("DATABASE_URL", database.url()).env("DDB_MASTER_KEY", MASTER_KEY);
        Output::from(restore.stdin(Stdio::null()).output().expect("the program can be run"))
    };
    let restored = done(&restore(&two));
    assert_eq!(restored["namespaces"], saved["namespaces"]);
    assert_eq!(restored["rows"], saved["rows"]);
    // Password hashes come along; sessions and keys do not, because with them a backup would be worth stealing.
    let hashes = "select password_hash from ddb.account order by id";
    let mut session = two.connect().await;
    assert_eq!(session.values(hashes).await, one.connect().await.values(hashes).await);
    for relation in ["session", "signing_key", "job"] {
        assert_eq!(session.value(&format!("select count(*)::text from ddb.{relation}")).await, "0", "{relation}");
    }
    let other = Server::builder().over(&two).variable("DDB_MASTER_KEY", MASTER_KEY).start().await;
    let (user_there, admin_there) = (sign_in(&other, &user).await, sign_in(&other, &admin).await);
    see(&user_there, &admin_there, tx).await.assert_is(&before);
    for database in [&one, &two] {
        refused(&restore(database), "there is data already");
    }
    see(&user_there, &admin_there, tx).await.assert_is(&before);

    // A backup of the restored one holds the same.
    let again = back_up(&other, &other.directory().join("again.ddb"));
    assert_eq!(again["rows"]["triple"], saved["rows"]["triple"]);
}

/// Mutants: the file is opened under its own name; the rename is left out; the summary goes to standard output beside the backup.
#[tokio::test]
async fn a_backup_is_whole_or_not_there() {
    let mut server = Server::start().await;
    fill(&server).await;
    assert_eq!(server.stop().code(), Some(0));
    let folder = server.directory().join("backups");
    std::fs::create_dir(&folder).expect("a folder");
    let names = || {
        let mut names: Vec<_> = std::fs::read_dir(&folder)
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
            .collect();
        names.sort();
        names
    };
    let file = folder.join("one.ddb");
    back_up(&server, &file);
    let first = std::fs::read(&file).expect("the backup");
    back_up(&server, &file);
    assert_eq!(names(), ["one.ddb"], "nothing is left beside it");
    assert_ne!(std::fs::read(&file).expect("the backup"), first, "replaced: the header has another time");

    // Standard output holds the backup and nothing else.
    let piped = folder.join("piped.ddb");
    let mut backup = command("ddb");
    backup.args(["backup", "-", "--json", "--data-dir", text(&server.data_dir())]);
    let output =
        backup.stdout(File::create(&piped).expect("a file")).stderr(Stdio::piped()).output().expect("the program can be run");
    assert!(output.status.success(), "{output:?}");
    let said: Json = serde_json::from_slice(&output.stderr).expect("the summary is on standard error");
    assert_eq!(said["bytes"].as_u64(), Some(std::fs::metadata(&piped).expect("the backup").len()));
    let target = folder.join("target");
    done(&server.ddb_in(&target, &["restore", "--json", text(&piped)]));

    // What cannot be written leaves nothing, and takes nothing away.
    refused(&server.ddb(&["backup", text(&folder.join("missing/one.ddb"))]), "there is no folder");
    refused(&server.ddb(&["backup", text(&folder)]), "is a folder");
    refused(&server.ddb(&["backup", "/dev/null"]), "no ordinary file");
    refused(&server.ddb_in(&folder.join("nowhere"), &["backup", text(&file)]), "holds no data of ddb");
    let full = command("ddb")
        .args(["backup", "-", "--data-dir", text(&server.data_dir())])
        .stdout(File::options().write(true).open("/dev/full").expect("a full device"))
        .output()
        .expect("the program can be run");
    assert!(
        !full.status.success() && String::from_utf8_lossy(&full.stderr).contains("cannot write the backup: No space left"),
        "{full:?}"
    );
    assert_eq!(names(), ["one.ddb", "piped.ddb", "target"]);
}

/// One transaction makes them all. Mutant: `with_embedded` starts PostgreSQL with the locks that it has by default.
#[tokio::test]
async fn a_thousand_tables_are_restored() {
    let server = Server::start().await;
    server.user().await.post("/api/data/tasks", &json!({ "n": 1 })).await.expect(201);
    // Faster than writing into each: the restored ones are empty.
    let many = "insert into ddb.data_table select 1, n, 'many_' || n, 0 from generate_series(1001, 2000) n";
    assert_eq!(server.embedded().await.connect().await.execute(many).await, 1_000);
    let (file, target) = (server.directory().join("backup.ddb"), server.directory().join("target"));
    back_up(&server, &file);
    done(&server.ddb_in(&target, &["restore", "--json", text(&file)]));
    let status = done(&server.ddb_in(&target, &["status", "--json"]));
    assert_eq!(status["tables"].as_array().map(Vec::len), Some(1_002));
}
