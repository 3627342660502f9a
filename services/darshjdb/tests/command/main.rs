//! The command line: what it says, where it says it, and how it ends.

mod banner;
mod errors;
mod help;
mod output;
mod secrets;

use std::process::{Command, Stdio};

use ddb_testkit::Output;

/// Runs the command to its end.
fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().expect("ddb can be run").into()
}
