//! `ddb start` under the name of a server.

use std::process::ExitCode;

fn main() -> ExitCode {
    darshjdb::ddb_server()
}
