//! A PostgreSQL for the tests of one process: prints its address, and ends it when standard input closes.

use std::process::ExitCode;

use ddb_postgres::{Config, Server};
use ddb_testkit::Directory;
use tokio::io::AsyncReadExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let directory = Directory::new();
    let mut config = Config::new(directory.path().join("data"));
    config.memory = Some(512 << 20);
    let server = match Server::start(&config).await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let connection = server.connection();
    println!(
        "postgres://{}:{}@localhost/postgres?host={}&port={}",
        connection.user,
        connection.password(),
        connection.socket_dir.display(),
        connection.port
    );
    // The end of input, or an error: either way nobody is there any more.
    let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
    match server.stop().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
