use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Directory;

/// What a data directory holds of PostgreSQL.
const PARTS: [&str; 2] = ["postgres", "postgres.password"];

/// Puts a PostgreSQL that was never used into `data_dir`, as `initdb` would, in a tenth of its time. The first test that needs one makes it; it is kept beside the
/// built programs until the pinned PostgreSQL changes.
pub(crate) async fn copy_to(data_dir: &Path) {
    let prepared = prepared();
    if !prepared.is_dir() {
        make(&prepared).await;
    }
    copy(&prepared, data_dir);
}

fn prepared() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let folder = test.ancestors().find(|folder| folder.ends_with("deps")).and_then(Path::parent);
    let folder = folder.map_or_else(std::env::temp_dir, Path::to_owned).join("testkit");
    std::fs::create_dir_all(&folder).expect("a folder can be made beside the programs");
    let mut names: Vec<_> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("postgres-") && !name.ends_with(".gz"))
        .collect();
    names.sort();
    folder.join(format!("cluster-{}", names.pop().unwrap_or_default()))
}

/// Of two tests that make it at the same time, one wins.
async fn make(prepared: &Path) {
    let directory = Directory::new();
    let data_dir = directory.path().join("data");
    let server = ddb_postgres::Server::start(&ddb_postgres::Config::new(&data_dir)).await.expect("PostgreSQL can be started");
    server.stop().await.expect("PostgreSQL can be stopped");
    let unfinished = prepared.with_extension(format!("{:016x}", rand::random::<u64>()));
    copy(&data_dir, &unfinished);
    if std::fs::rename(&unfinished, prepared).is_err() {
        std::fs::remove_dir_all(&unfinished).expect("what was made can be removed");
    }
}

/// A data directory.
pub(crate) fn make_folder(path: &Path) {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(path).expect("a data directory can be made");
}

/// With owners and modes: where root runs the tests, the cluster belongs to another user.
fn copy(from: &Path, to: &Path) {
    if !to.is_dir() {
        make_folder(to);
    }
    let status = Command::new("cp").arg("-a").args(PARTS.map(|part| from.join(part))).arg(to).status().expect("cp can be run");
    assert!(status.success(), "cp cannot copy {}", from.display());
}
