//! `ddb status`: what there is, how it grows, and which settings are in force, without a secret.

use ddb_testkit::{Database, Directory, Json, Output, Server, command, json};

/// What `ddb status` says in both forms, with these variables and flags.
fn statuses(server: &Server, variables: &[(&str, &str)], flags: &[&str]) -> (String, Json) {
    let run = |more: &[&str]| {
        let mut ddb = command("ddb");
        ddb.arg("status").arg("--data-dir").arg(server.data_dir()).args(flags).args(more).env_remove("DDB_BIND");
        let output: Output = ddb.envs(variables.iter().copied()).output().expect("ddb can be run").into();
        assert_eq!(output.code, Some(0), "{output:?}");
        assert_eq!(output.stderr, "");
        output.stdout
    };
    let text = run(&["--settings"]);
    let json = serde_json::from_str(&run(&["--json"])).expect("JSON");
    (text, json)
}

fn setting<'a>(status: &'a Json, name: &str) -> &'a Json {
    let settings = status["settings"].as_array().expect("there are settings");
    settings.iter().find(|setting| setting["name"] == name).unwrap_or_else(|| panic!("{name} is not told"))
}

#[tokio::test]
async fn status_tells_how_the_database_grows_and_when_its_disk_is_full() {
    let server = Server::start().await;
    let user = server.user().await;
    for _ in 0..3 {
        let records: Vec<_> = (0..1_000).map(|n| json!({ "n": n, "title": format!("task {n}") })).collect();
        user.post("/api/data/tasks", &json!(records)).await.expect(201);
    }
    server.embedded().await.connect().await.execute("vacuum analyze").await;
    let (text, json) = statuses(&server, &[], &[]);
    let (growth, disk) = (&json["growth"], &json["disk"]);
    assert_eq!(growth["records"], 3_001, "{growth}");
    assert_eq!(growth["transactions"], json["tx"]);
    assert!(growth["facts"].as_i64().is_some_and(|facts| facts > 10_000), "{growth}");
    let number = |json: &Json| json.as_f64().unwrap_or_else(|| panic!("{json} is no number"));
    assert!(number(&growth["bytes_per_record"]) > 100.0, "{growth}");
    // All of it was written today.
    assert!((number(&growth["log_bytes_per_day"]) - number(&json["log_bytes"])).abs() < 1.0, "{growth}");
    assert!(number(&disk["free_bytes"]) < number(&disk["total_bytes"]), "{disk}");
    assert!(number(&disk["days_until_full"]) > 0.0, "{disk}");
    for words in ["a day", "of each record", "of the disk are free; at this pace"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // Somebody else's disk cannot be seen.
    let elsewhere = Server::builder().over(&Database::new().await).start().await;
    let output = elsewhere.ddb(&["status", "--json"]);
    let json: Json = serde_json::from_str(&output.stdout).expect("JSON");
    assert!(json["disk"].is_null() && json["growth"]["records"] == 0, "{output:?}");
}

/// What the indexes of a new database take is no pace. Mutants: `has_pace` is true; `count` always gives the plural.
#[tokio::test]
async fn a_small_database_is_told_without_a_pace_and_in_good_english() {
    let server = Server::start().await;
    let user = server.user().await;
    user.post("/api/data/tasks", &json!({ "n": 1 })).await.expect(201);
    server.embedded().await.connect().await.execute("vacuum analyze").await;
    let text = server.ddb(&["status"]).stdout;
    for words in ["a day", "of each record", "at this pace", "days"] {
        assert!(!text.contains(words), "{words}: {text}");
    }
    assert!(text.contains("tasks: 1 record,") && text.contains("of the disk are free\n"), "{text}");
    user.post("/api/data/tasks", &json!({ "n": 2 })).await.expect(201);
    assert!(server.ddb(&["status"]).stdout.contains("tasks: 2 records,"));
}

/// Mutant: `is_given` gives true for a default.
#[tokio::test]
async fn only_settings_that_somebody_has_set_are_shown_unless_all_are_asked_for() {
    let server = Server::start().await;
    let status = |flags: &[&str]| {
        let mut ddb = command("ddb");
        ddb.arg("status").arg("--data-dir").arg(server.data_dir()).args(flags).env_remove("DDB_BIND");
        let output: Output = ddb.output().expect("ddb can be run").into();
        assert_eq!(output.code, Some(0), "{output:?}");
        output.stdout
    };
    let names = |text: &str| -> Vec<String> {
        let lines = text.lines().skip_while(|line| !line.starts_with("settings")).skip(1);
        lines.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
    };
    let short = status(&["--signup-limit", "7"]);
    assert_eq!(names(&short), ["data_dir", "signup_limit"], "{short}");
    let all = status(&["--signup-limit", "7", "--settings"]);
    assert!(names(&all).len() > 20 && names(&all).contains(&"tls_cert".to_owned()), "{all}");
    let json: Json = serde_json::from_str(&status(&["--json"])).expect("JSON");
    assert_eq!(json["settings"].as_array().map(Vec::len), Some(names(&all).len()), "JSON has all of them");

    // With nothing set at all.
    let mut ddb = command("ddb");
    ddb.arg("status").current_dir(server.directory()).env_remove("DDB_BIND");
    std::os::unix::fs::symlink(server.data_dir(), server.directory().join("ddb-data")).expect("a link");
    let output: Output = ddb.output().expect("ddb can be run").into();
    assert!(output.stdout.contains("settings      all have their default"), "{output:?}");
}

/// Mutants: `without_credentials` gives the text as it is, or stops at the first `@`, or looks for no `?`; `secret` is not looked at; a default is told
/// as what was set.
#[tokio::test]
async fn status_tells_where_each_setting_comes_from_and_no_secret() {
    let server = Server::start().await;
    let file = server.directory().join("ddb.toml");
    std::fs::write(&file, "signup_limit = 7\nissuer = \"from-file\"\nroot = false\n").expect("a file can be written");
    let master_key = "jq6Wn1o8b4hZ0xvT5kYd2mLrCsEuGfPa9iXwQeRtVyU=";
    let variables = [
        ("DDB_MASTER_KEY", master_key),
        ("DDB_ADMIN_EMAIL", "root@example.com"),
        ("DDB_ADMIN_PASSWORD", "hunter2-of-the-admin"),
        ("DDB_NATS_URL", "nats://t0ken-of-nats@nats.example.com:4222"),
        ("DDB_ISSUER", "from-variable"),
    ];
    let flags = ["--config", file.to_str().expect("UTF-8"), "--signup-limit", "9"];
    let (text, json) = statuses(&server, &variables, &flags);
    for secret in [master_key, "hunter2", "t0ken"] {
        assert!(!text.contains(secret) && !json.to_string().contains(secret), "{secret} is told");
    }
    for (name, value, origin) in [
        ("signup_limit", json!("9"), "flag"),
        ("issuer", json!("from-variable"), "variable DDB_ISSUER"),
        ("root", json!("false"), &format!("file {}", file.display())),
        ("bind", json!("localhost:7700"), "default"),
        ("log", json!("info"), "default"),
        ("nats_url", json!("nats://nats.example.com:4222"), "variable DDB_NATS_URL"),
        ("tls_cert", json!(null), "not set"),
    ] {
        let found = setting(&json, name);
        assert_eq!((&found["value"], found["origin"].as_str()), (&value, Some(origin)), "{name}");
        assert!(text.lines().any(|line| line.contains(name) && line.ends_with(&format!("({origin})"))), "{name}: {text}");
    }
    for name in ["master_key", "admin_password"] {
        let found = setting(&json, name);
        assert_eq!((&found["value"], &found["secret"]), (&json!(null), &json!(true)), "{name}");
        assert!(found["origin"].as_str().is_some_and(|origin| origin.starts_with("variable DDB_")), "{name}: {found}");
    }
}

#[tokio::test]
async fn status_tells_no_password_of_a_database() {
    let database = Database::new().await;
    let server = Server::builder().over(&database).start().await;
    let password = database.url().split([':', '@']).nth(2).expect("a password").to_owned();
    assert!(password.len() > 8);
    for form in [&["status"][..], &["status", "--json"]] {
        let output = server.ddb(form);
        assert_eq!(output.code, Some(0), "{output:?}");
        assert!(output.stdout.contains("database_url") && output.stdout.contains("DATABASE_URL"), "{output:?}");
        assert!(!output.stdout.contains(&password) && !output.stderr.contains(&password), "the password is told");
    }
}

/// An empty directory may be where a disk was not mounted. Mutant: a database is made in it.
#[tokio::test]
async fn a_directory_without_data_is_told_and_stays_empty() {
    let directory = Directory::new();
    for arguments in [&["status"][..], &["verify"], &["rebuild"], &["backup", "-"], &["verify", "--expect-head", "zzz"]] {
        let output = command("ddb").args(arguments).arg("--data-dir").arg(directory.path()).output().expect("ddb can be run");
        let stderr = String::from_utf8_lossy(&output.stderr);
        let expected =
            if arguments.contains(&"zzz") { "must be a hash of 128 hexadecimal digits" } else { "holds no data of ddb" };
        assert!(!output.status.success() && stderr.contains(expected), "{arguments:?}: {stderr}");
        assert_eq!(std::fs::read_dir(directory.path()).expect("it is there").count(), 0, "{arguments:?}");
    }
}
