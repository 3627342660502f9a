use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// The program, built from this tree: `ddb`, `ddb-server`, `ddb-auth`, `ddb-query`. With `TESTKIT_PROGRAMS` it is taken from that folder as it is.
pub fn built(name: &str) -> PathBuf {
    if let Some(folder) = std::env::var_os("TESTKIT_PROGRAMS") {
        let path = Path::new(&folder).join(name);
        assert!(path.is_file(), "TESTKIT_PROGRAMS has no {name}");
        return path;
    }
    static BUILT: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let programs = built.get_or_insert_default();
    programs.entry(name.to_owned()).or_insert_with(|| build(name)).clone()
}

/// The program with the environment of a fresh machine: no settings of the person who runs the tests. It listens on a free port, unless the test names
/// another one: a server of that person may have the usual one.
pub fn command(name: &str) -> Command {
    let mut command = Command::new(built(name));
    for (variable, _) in std::env::vars_os() {
        let text = variable.to_string_lossy();
        if ["DDB_", "OTEL_", "PG"].iter().any(|prefix| text.starts_with(prefix))
            || matches!(text.as_ref(), "DATABASE_URL" | "NATS_URL")
        {
            command.env_remove(&variable);
        }
    }
    command.env("DDB_BIND", "127.0.0.1:0");
    command
}

/// Cargo does nothing where the program is up to date. No build lock is held meanwhile: cargo releases it before it runs tests.
fn build(name: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--message-format=json", "--bin", name])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        // Set for the test's own crate; the build of another one must not see them, or cargo takes it for changed.
        .env_remove("CARGO_MANIFEST_DIR")
        .output()
        .expect("cargo can be run");
    assert!(output.status.success(), "cargo cannot build {name}: {}", String::from_utf8_lossy(&output.stderr));
    let path = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    let path = path.unwrap_or_else(|| panic!("cargo built no {name}"));
    keep(&path)
}

/// Another tree that builds into the same folder would put its own program under the name while tests run; a link to this one stays.
fn keep(path: &Path) -> PathBuf {
    let name = path.file_name().expect("a program has a name").to_string_lossy().into_owned();
    let metadata = std::fs::metadata(path).expect("cargo has built it");
    let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
    let folder = path.parent().expect("a program lies in a folder").join("testkit");
    std::fs::create_dir_all(&folder).expect("a folder can be made beside the program");
    let kept = folder.join(format!("{name}-{inode}"));
    match std::fs::hard_link(path, &kept) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => panic!("cannot link {}: {error}", kept.display()),
        _ => kept,
    }
}
