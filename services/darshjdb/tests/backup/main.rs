//! `ddb backup` and `ddb restore`: what comes back, what is refused, and that nothing is left by halves.
//!
//! Each file names mutants that it is meant to fail for; those of `ddb-store` (`src/backup/tests.rs`) were tried, these were not yet.

mod full_disk;
mod refusals;
mod replaces;
mod round_trip;
mod stream;
mod under_load;

use std::path::Path;

use ddb_testkit::{Json, Output, Server};

/// Makes a backup of a server, running or stopped. Gives what the command said.
#[track_caller]
fn back_up(server: &Server, file: &Path) -> Json {
    done(&server.ddb(&["backup", text(file), "--json"]))
}

#[track_caller]
fn done(output: &Output) -> Json {
    assert_eq!(output.code, Some(0), "{output:?}");
    serde_json::from_str(&output.stdout).expect("JSON")
}

#[track_caller]
fn refused(output: &Output, word: &str) {
    assert!(output.code == Some(1) && output.stderr.contains(word), "{word}: {output:?}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the kit's paths are UTF-8")
}
