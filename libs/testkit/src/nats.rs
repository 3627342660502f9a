use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

const READY_WITHIN: Duration = Duration::from_secs(10);

/// A real `nats-server` on a port of its own; it dies with the value.
///
/// The program is the one that `DDB_TEST_NATS_SERVER` names, else `.cache/nats-server` of the repository (`make nats`), else the one on the `PATH`.
pub struct NatsServer {
    program: PathBuf,
    port: u16,
    process: Child,
}

impl NatsServer {
    pub async fn start() -> Self {
        let program = find();
        let port = free_port();
        let process = run(&program, port).await;
        Self { program, port, process }
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// `kill -9`.
    pub async fn kill(&mut self) {
        self.process.kill().await.expect("the nats-server of this test can be killed");
    }

    /// Starts it again on the same port.
    pub async fn restart(&mut self) {
        self.process = run(&self.program, self.port).await;
    }
}

fn find() -> PathBuf {
    if let Some(program) = std::env::var_os("DDB_TEST_NATS_SERVER") {
        return program.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let cached = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/nats-server");
    let mut candidates = [cached].into_iter().chain(std::env::split_paths(&path).map(|folder| folder.join("nats-server")));
    candidates.find(|candidate| candidate.is_file()).expect(
        "this test needs a nats-server of version 2.10 or newer: run `make nats`, put one on the PATH, or name one in DDB_TEST_NATS_SERVER",
    )
}

fn free_port() -> u16 {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port of the loopback");
    socket.local_addr().expect("a bound socket has an address").port()
}

async fn run(program: &Path, port: u16) -> Child {
    let process = Command::new(program)
        .args(["--addr", "127.0.0.1", "--port", &port.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{} cannot be started: {error}", program.display()));
    let end = Instant::now() + READY_WITHIN;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
        assert!(Instant::now() < end, "{} does not listen", program.display());
        sleep(Duration::from_millis(20)).await;
    }
    process
}
