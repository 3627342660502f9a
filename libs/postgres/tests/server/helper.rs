//! A `ddb` in a process of its own, which the tests can kill.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use ddb_postgres::{Config, Server};

const DATA: &str = "DDB_TEST_DATA";
const READY: &str = "the server runs as ";

/// Not a test: what the other process does.
#[tokio::test]
#[ignore = "runs only as the process of another test"]
async fn hold() {
    let Some(data) = std::env::var_os(DATA) else { return };
    let config = Config::new(data);
    let server = match Server::start(&config).await {
        Ok(server) => server,
        Err(error) => {
            println!("\n{error}");
            return;
        }
    };
    println!("\n{READY}{}", server.pid());
    // Until the other side lets go.
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await.expect("it waits").expect("it reads");
    server.stop().await.expect("stops");
}

pub(crate) struct Owner {
    pub(crate) child: Child,
    output: BufReader<ChildStdout>,
}

impl Owner {
    pub(crate) fn spawn(data: &Path) -> Self {
        Self::spawn_with(data, |_| {})
    }

    pub(crate) fn spawn_with(data: &Path, change: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
        command.args(["helper::hold", "--exact", "--ignored", "--nocapture"]).env(DATA, data);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        change(&mut command);
        let mut child = command.spawn().expect("this program can be started");
        let output = BufReader::new(child.stdout.take().expect("it has an output"));
        Self { child, output }
    }

    /// The pid of its server, once it runs.
    pub(crate) fn server(&mut self) -> u32 {
        let mut said = String::new();
        for line in self.output.by_ref().lines() {
            let line = line.expect("it can be read");
            if let Some(pid) = line.strip_prefix(READY) {
                return pid.trim().parse().expect("a pid");
            }
            said.push_str(&line);
        }
        panic!("the other process did not start a server: {said}");
    }

    /// As `kill -9` does it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it has ended");
    }

    pub(crate) fn finish(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().expect("it has ended");
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
