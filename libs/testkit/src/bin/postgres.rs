//! A PostgreSQL for the tests of one process: prints its address, and ends it when standard input closes. With the argument `tcp` it listens on
//! 127.0.0.1 and a free port instead of a socket.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use ddb_postgres::{Config, Server};
use ddb_testkit::Directory;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncReadExt;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let directory = Directory::new();
    let data_dir = directory.path().join("data");
    let outcome = match std::env::args().nth(1).as_deref() {
        Some("tcp") => over_tcp(&data_dir).await,
        _ => over_socket(&data_dir).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn over_socket(data_dir: &Path) -> Outcome {
    let server = Server::start(&Config::new(data_dir)).await?;
    let connection = server.connection();
    println!(
        "postgres://{}:{}@localhost/postgres?host={}&port={}",
        connection.user,
        connection.password(),
        connection.socket_dir.display(),
        connection.port
    );
    until_input_ends().await;
    Ok(server.stop().await?)
}

/// The embedded server never takes TCP, so the bare program runs the cluster, as a user would run their own.
async fn over_tcp(data_dir: &Path) -> Outcome {
    let server = Server::start(&Config::new(data_dir)).await?;
    // Where the server's user can reach it.
    let program = std::fs::read_link(format!("/proc/{}/exe", server.pid()))?;
    let (user, password) = (server.connection().user.clone(), server.connection().password().to_owned());
    server.stop().await?;

    let cluster = data_dir.join("postgres");
    let owner = std::fs::metadata(&cluster)?;
    std::fs::set_permissions(data_dir, std::fs::Permissions::from_mode(0o711))?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = Command::new(program);
    command.arg("-D").arg(&cluster).arg("-p").arg(port.to_string());
    command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "shared_buffers=32MB"]);
    command.env_clear().env("LC_ALL", "C").current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if rustix::process::geteuid().is_root() {
        std::os::unix::process::CommandExt::uid(&mut command, owner.uid());
        std::os::unix::process::CommandExt::gid(&mut command, owner.gid());
    }
    let mut child = command.spawn()?;
    // The last line says how far it is.
    let is_ready =
        || std::fs::read_to_string(cluster.join("postmaster.pid")).is_ok_and(|file| file.trim_end().ends_with("ready"));
    while !is_ready() {
        if let Some(status) = child.try_wait()? {
            return Err(format!("PostgreSQL ended: {status}").into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("postgres://{user}:{password}@127.0.0.1:{port}/postgres");
    until_input_ends().await;
    let pid = Pid::from_raw(child.id().cast_signed()).ok_or("a process has a number")?;
    kill_process(pid, Signal::INT)?;
    child.wait()?;
    Ok(())
}

/// The end of input, or an error: either way the owner is gone.
async fn until_input_ends() {
    let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
}
