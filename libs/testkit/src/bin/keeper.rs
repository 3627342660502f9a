//! Ends a server and removes its directory when standard input closes: for servers whose owner cannot be dropped.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pid, directory] = arguments.as_slice() else {
        eprintln!("usage: ddb-testkit-keeper PID DIRECTORY");
        return ExitCode::FAILURE;
    };
    let Ok(pid) = pid.parse() else {
        eprintln!("`{pid}` is not a process id");
        return ExitCode::FAILURE;
    };
    // The end of input, or an error: either way the owner is gone.
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    ddb_testkit::end_server(pid, Path::new(directory));
    ExitCode::SUCCESS
}
