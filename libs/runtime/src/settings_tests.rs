use std::ffi::OsString;

use clap::Command;

use super::Settings;
use crate::setting::{Definitions, Setting};

const TABLE: &[Setting] = &[
    Setting::new("data_dir", "DIR", "Where the data lies").default("./ddb-data"),
    Setting::new("database_url", "URL", "A PostgreSQL").also("DATABASE_URL"),
    Setting::new("memory_limit", "SIZE", "Memory"),
    Setting::new("root", "on|off", "The role root").default("on"),
    Setting::new("master_key", "KEY", "The key").secret(),
];

fn load(flags: &[&str], variables: &[(&str, &str)]) -> Result<Settings, String> {
    let definitions = Definitions::new(&[TABLE]);
    let command = Command::new("ddb").args(definitions.arguments());
    let matches = command.try_get_matches_from(std::iter::once(&"ddb").chain(flags)).map_err(|error| error.to_string())?;
    let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Settings::load(&definitions, &matches, variables).map_err(|error| error.message().to_owned())
}

/// A file with `text`, gone with the value.
struct File(std::path::PathBuf);

impl File {
    fn with(text: &str) -> Self {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ddb-settings-{}-{number}.toml", std::process::id()));
        std::fs::write(&path, text).expect("a temporary file");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path in UTF-8")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn refused(flags: &[&str], variables: &[(&str, &str)]) -> String {
    load(flags, variables).map(|_| ()).expect_err("settings that are refused")
}

#[test]
fn a_flag_goes_before_a_variable_before_the_file_before_the_default() {
    let file = File::with("data_dir = \"of the file\"");
    let config = ("DDB_CONFIG", file.path());
    let data_dir = |flags: &[&str], variables: &[(&str, &str)]| {
        load(flags, variables).expect("good settings").text("data_dir").map(str::to_owned)
    };
    assert_eq!(
        data_dir(&["--data-dir", "of the flag"], &[config, ("DDB_DATA_DIR", "of the variable")]).as_deref(),
        Some("of the flag")
    );
    assert_eq!(data_dir(&[], &[config, ("DDB_DATA_DIR", "of the variable")]).as_deref(), Some("of the variable"));
    assert_eq!(data_dir(&[], &[config]).as_deref(), Some("of the file"));
    assert_eq!(data_dir(&[], &[("DDB_DATA_DIR", "")]).as_deref(), Some("./ddb-data"));
    assert_eq!(data_dir(&["--config", file.path()], &[("DDB_CONFIG", "/nowhere")]).as_deref(), Some("of the file"));
}

#[test]
fn a_variable_of_other_programs_counts_less_than_our_own() {
    let both = [("DATABASE_URL", "postgres://a"), ("DDB_DATABASE_URL", "postgres://b")];
    assert_eq!(load(&[], &both).expect("good settings").text("database_url"), Some("postgres://b"));
    assert_eq!(load(&[], &both[..1]).expect("good settings").text("database_url"), Some("postgres://a"));
}

#[test]
fn an_unknown_name_is_refused_with_the_near_one() {
    assert_eq!(
        refused(&[], &[("DDB_DATADIR", "x")]),
        "the variable DDB_DATADIR is not a setting of this program; did you mean `DDB_DATA_DIR`?"
    );
    assert_eq!(refused(&[], &[("DDB_COLOUR", "x")]), "the variable DDB_COLOUR is not a setting of this program");
    assert!(refused(&["--datadir", "x"], &[]).contains("--data-dir"));
    let file = File::with("datadir = \"x\"");
    let message = refused(&["--config", file.path()], &[]);
    assert!(message.ends_with("there is no setting `datadir`; did you mean `data_dir`?"), "{message}");
    assert!(message.starts_with(file.path()), "{message}");
}

#[test]
fn the_variables_that_kubernetes_makes_are_not_ours() {
    assert!(
        load(&[], &[("DDB_SERVICE_HOST", "10.0.0.1"), ("DDB_PORT", "tcp://x"), ("DDB_PORT_7700_TCP", "x"), ("OTHER", "x")])
            .is_ok()
    );
}

#[test]
fn a_wrong_value_names_where_it_was_set() {
    let file = File::with("root = \"perhaps\"");
    let root = |flags: &[&str], variables: &[(&str, &str)]| {
        load(flags, variables).expect("known settings").switch("root").expect_err("a wrong value").message().to_owned()
    };
    assert_eq!(root(&["--root", "perhaps"], &[]), "the flag --root is `perhaps`, but must be on or off");
    assert_eq!(root(&[], &[("DDB_ROOT", "perhaps")]), "the variable DDB_ROOT is `perhaps`, but must be on or off");
    assert_eq!(root(&["--config", file.path()], &[]), format!("`root` in {} is `perhaps`, but must be on or off", file.path()));
}

#[test]
fn a_file_that_is_missing_or_not_toml_is_refused_without_quoting_it() {
    assert!(refused(&["--config", "/nowhere/ddb.toml"], &[]).contains("/nowhere/ddb.toml"));
    let file = File::with("data_dir = \"x\"\nmaster_key = hunter2hunter2");
    let message = refused(&["--config", file.path()], &[]);
    assert!(message.contains("line 2"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
    let file = File::with("[data_dir]\nx = 1");
    assert!(refused(&["--config", file.path()], &[]).contains("`data_dir` must be a text"));
}

#[test]
fn a_secret_is_not_shown_and_has_no_flag() {
    let settings = load(&[], &[("DDB_MASTER_KEY", "hunter2")]).expect("known settings");
    let error = settings.with("master_key", "32 bytes", |_| None::<()>).expect_err("a wrong value");
    assert_eq!(error.message(), "the variable DDB_MASTER_KEY must be 32 bytes");
    assert!(load(&["--master-key", "x"], &[]).is_err());
}

#[test]
fn sizes_have_units() {
    for (text, bytes) in
        [("0", 0), ("1024", 1024), ("64KB", 65_536), ("512MB", 536_870_912), ("2 gb", 2_147_483_648), ("10B", 10)]
    {
        let settings = load(&["--memory-limit", text], &[]).expect("known settings");
        assert_eq!(settings.size("memory_limit").expect("a size"), Some(bytes), "{text}");
    }
    for text in ["", "MB", "1TB", "1.5GB", "99999999999GB", "x"] {
        let settings = load(&[&format!("--memory-limit={text}")], &[]).expect("known settings");
        assert!(settings.size("memory_limit").is_err(), "{text}");
    }
}

/// Secrets often come from files, which end with a line break. Mutants: the line break stays; all of them go; an empty secret is taken.
#[test]
fn one_line_break_at_the_end_is_no_part_of_a_value() {
    let key = |text: &str| load(&[], &[("DDB_MASTER_KEY", text)]).map(|settings| settings.text("master_key").map(str::to_owned));
    for (given, read) in
        [("k", "k"), ("k\n", "k"), ("k\r\n", "k"), ("k\n\n", "k\n"), ("k ", "k "), ("k\r", "k\r"), (" k\n", " k")]
    {
        assert_eq!(key(given).expect("a good setting").as_deref(), Some(read), "{given:?}");
    }
    let file = File::with("master_key = \"k\\n\"\ndatabase_url = \"postgres://x\\n\"");
    let settings = load(&["--config", file.path()], &[]).expect("good settings");
    assert_eq!((settings.text("master_key"), settings.text("database_url")), (Some("k"), Some("postgres://x")));
    assert_eq!(key("").expect("an empty variable is not set"), None);
    for given in ["\n", "\r\n"] {
        assert_eq!(key(given).expect_err("an empty secret"), "the variable DDB_MASTER_KEY is empty");
    }
    let file = File::with("master_key = \"\"");
    assert!(refused(&["--config", file.path()], &[]).ends_with("is empty"));
}
