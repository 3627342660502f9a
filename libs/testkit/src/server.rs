use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use tokio_rustls::rustls::ClientConfig;

use crate::caller::PASSWORD;
use crate::cluster;
use crate::process::{self, Output, wait_for_exit};
use crate::program;
use crate::{Authority, Caller, Client, Database, Directory, Disk, MemoryGroup};

const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(40);
const SIGNUP_LIMIT: &str = "DDB_SIGNUP_LIMIT";
/// What is limited for users and not for tests, which share a few users on one server: 0 is any number.
const UNLIMITED: [&str; 6] = [
    SIGNUP_LIMIT,
    "DDB_IMPLICIT_TABLES_LIMIT",
    "DDB_IMPLICIT_TABLES_PER_USER",
    "DDB_RATE_LIMIT_NETWORK",
    "DDB_RATE_LIMIT_ANONYMOUS",
    "DDB_RATE_LIMIT_ACCOUNT",
];
const ADMIN: &str = "admin@example.com";

/// A running `ddb`. When the value is dropped, the process, its PostgreSQL and its data are gone.
pub struct Server {
    program: String,
    arguments: Vec<OsString>,
    variables: Vec<(String, String)>,
    /// Unmounted before its directory is removed.
    disk: Option<Disk>,
    memory: Option<Arc<MemoryGroup>>,
    directory: Directory,
    address: SocketAddr,
    /// None: plain HTTP.
    tls: Option<Arc<ClientConfig>>,
    child: Option<Child>,
}

/// How a server is started.
pub struct Builder {
    program: String,
    arguments: Vec<OsString>,
    variables: Vec<(String, String)>,
    directory: Directory,
    disk: Option<DiskOf>,
    memory: Option<Arc<MemoryGroup>>,
    data: Data,
    tls: Option<Arc<ClientConfig>>,
}

/// A disk of a server's own, of so many megabytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskOf {
    /// For the whole data directory, in memory.
    Data(u32),
    /// For the files of the embedded PostgreSQL, in a file, so that it can fail.
    Postgres(u32),
}

/// What lies in the data directory before the first start.
#[derive(PartialEq, Eq)]
enum Data {
    /// A PostgreSQL that was never used, which saves its `initdb`.
    Prepared,
    Empty,
    /// There is no data directory.
    None,
}

impl Builder {
    /// Another program than `ddb start`: `ddb-server`, `ddb-auth`, `ddb-query`.
    #[must_use]
    pub fn program(mut self, name: &str) -> Self {
        name.clone_into(&mut self.program);
        if name == "ddb-query" {
            // It knows nothing of sign-up.
            self.variables.retain(|(variable, _)| variable != SIGNUP_LIMIT);
        }
        self
    }

    #[must_use]
    pub fn argument(mut self, text: impl Into<OsString>) -> Self {
        self.arguments.push(text.into());
        self
    }

    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// On a PostgreSQL of the kit, by `DATABASE_URL`, instead of the embedded one: starts faster.
    #[must_use]
    pub fn over(self, database: &Database) -> Self {
        self.empty().variable("DATABASE_URL", database.url())
    }

    /// Starts on a data directory that does not exist yet, as a user's first start does.
    #[must_use]
    pub fn empty(mut self) -> Self {
        if self.data == Data::Prepared {
            self.data = Data::Empty;
        }
        self
    }

    /// With a certificate of `authority`. `ddb` as a client and the kit's callers trust it, and the callers speak HTTP/2.
    #[must_use]
    pub fn secure(mut self, authority: &Authority) -> Self {
        let folder = self.directory.path().to_owned();
        let (certificate, key) = authority.issue_into(&folder);
        let root = folder.join("root.pem");
        std::fs::write(&root, authority.root_pem()).expect("a file can be written");
        for (name, path) in [("DDB_TLS_CERT", certificate), ("DDB_TLS_KEY", key), ("SSL_CERT_FILE", root)] {
            self.variables.push((name.to_owned(), path.to_str().expect("a path in UTF-8").to_owned()));
        }
        self.tls = Some(authority.client(&["h2", "http/1.1"]));
        self
    }

    /// With a disk of its own.
    #[must_use]
    pub fn on(mut self, disk: DiskOf) -> Self {
        self.disk = Some(disk);
        self
    }

    /// With so many bytes of memory for the server, its PostgreSQL and all commands that are run with its settings, and no swap.
    #[must_use]
    pub fn within(mut self, bytes: u64) -> Self {
        self.memory = Some(Arc::new(MemoryGroup::new(bytes)));
        self
    }

    /// Starts without `--data-dir`.
    #[must_use]
    pub fn without_data_dir(mut self) -> Self {
        self.data = Data::None;
        self
    }

    /// Starts and waits until the server is ready.
    pub async fn start(mut self) -> Server {
        let data_dir = self.directory.path().join("data");
        let disk = self.disk.map(|disk| disk.mount(&data_dir, self.directory.path().join("disk")));
        if self.data == Data::Prepared {
            cluster::copy_to(&data_dir).await;
        }
        if let Some(disk) = &disk {
            disk.sync();
        }
        if self.data != Data::None {
            self.arguments.extend(["--data-dir".into(), data_dir.into()]);
        }
        let Self { program, arguments, variables, memory, directory, tls, .. } = self;
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Server { program, arguments, variables, disk, memory, directory, address, tls, child: None };
        server.run().await;
        server
    }
}

impl DiskOf {
    fn mount(self, data_dir: &Path, image: PathBuf) -> Disk {
        match self {
            Self::Data(megabytes) => Disk::in_memory(data_dir, megabytes),
            Self::Postgres(megabytes) => {
                cluster::make_folder(data_dir);
                Disk::in_file(&data_dir.join("postgres"), image, megabytes)
            }
        }
    }
}

impl Server {
    pub fn builder() -> Builder {
        Builder {
            program: "ddb".to_owned(),
            arguments: Vec::new(),
            variables: UNLIMITED.iter().map(|name| ((*name).to_owned(), "0".to_owned())).collect(),
            directory: Directory::new(),
            disk: None,
            memory: None,
            data: Data::Prepared,
            tls: None,
        }
    }

    /// `ddb start` with an embedded PostgreSQL that holds nothing.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls.is_some() { "https" } else { "http" }, self.address)
    }

    pub fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The disk of its own that it was started with.
    pub fn disk(&self) -> &Disk {
        self.disk.as_ref().expect("the server was started on a disk of its own")
    }

    /// The memory group that it was started in.
    pub fn memory(&self) -> Arc<MemoryGroup> {
        self.memory.clone().expect("the server was started within a memory group")
    }

    /// A folder of this server for whatever a test needs; gone with it.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the server runs").id()
    }

    /// The process of the embedded PostgreSQL; None while there is none.
    pub fn postmaster(&self) -> Option<u32> {
        postmaster(&self.data_dir())
    }

    /// The embedded PostgreSQL's database, once it answers.
    pub async fn embedded(&self) -> Database {
        assert!(self.child.is_some(), "the server runs");
        let config = ddb_postgres::Config::new(self.data_dir());
        let attached = ddb_postgres::attach_or_start(&config).await.expect("the server's PostgreSQL answers");
        let connection = attached.connection();
        Database::of(connection, &connection.database)
    }

    /// Everything that was logged, in all runs.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    /// Asserts that none of `secrets` was logged.
    #[track_caller]
    pub fn assert_not_logged(&self, secrets: &[&str]) {
        let log = self.log();
        for secret in secrets {
            assert!(!secret.is_empty() && !log.contains(secret), "a secret of {} bytes stands in the log", secret.len());
        }
    }

    pub fn anon(&self) -> Client {
        Client::new(self.address).over(self.tls.clone())
    }

    pub async fn user(&self) -> Caller {
        Caller::sign_up(&self.anon(), &format!("user-{:08x}@example.com", rand::random::<u32>())).await
    }

    pub async fn other_user(&self) -> Caller {
        self.user().await
    }

    /// An admin with the role root, made with `ddb admin create` at the first call.
    pub async fn admin(&self) -> Caller {
        let listed = self.ddb(&["admin", "list"]);
        if !listed.stdout.contains(ADMIN) {
            let made = self.ddb_with(&["admin", "create", "--email", ADMIN, "--password-stdin"], &format!("{PASSWORD}\n"));
            assert_eq!(made.code, Some(0), "{}", made.stderr);
        }
        Caller::sign_in(&self.anon(), ADMIN).await
    }

    /// Runs `ddb` with the settings of this server.
    pub fn ddb(&self, arguments: &[&str]) -> Output {
        self.ddb_with(arguments, "")
    }

    pub fn ddb_with(&self, arguments: &[&str], stdin: &str) -> Output {
        let mut command = self.command("ddb");
        command.args(arguments).args(&self.arguments);
        process::output(command, stdin)
    }

    /// Runs `ddb` with the settings of this server, but on another data directory.
    pub fn ddb_in(&self, data_dir: &Path, arguments: &[&str]) -> Output {
        let mut command = self.command("ddb");
        command.args(arguments).arg("--data-dir").arg(data_dir);
        process::output(command, "")
    }

    /// `kill -9`, at once.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        process::signal(&child, Signal::KILL);
        child.wait().expect("a killed process ends");
    }

    /// SIGTERM, without waiting.
    pub fn terminate(&self) {
        process::signal(self.child.as_ref().expect("the server runs"), Signal::TERM);
    }

    /// SIGTERM; waits until the process is gone.
    pub fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.wait()
    }

    /// Waits until the process is gone.
    pub fn wait(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("the server runs");
        let status = wait_for_exit(&mut child, STOP);
        status.unwrap_or_else(|| {
            process::signal(&child, Signal::KILL);
            panic!("the server did not stop; its log: {}", self.log())
        })
    }

    /// Starts again on the same data and the same port; whatever ran before is killed.
    pub async fn restart(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
        self.run().await;
    }

    async fn run(&mut self) {
        let already_logged = self.log().len();
        let mut command = self.command(&self.program);
        if self.program == "ddb" {
            command.arg("start");
        }
        command.arg("--bind").arg(self.address.to_string()).args(["--log-format", "json"]).args(&self.arguments);
        let log = OpenOptions::new().create(true).append(true).open(self.log_path()).expect("a log can be written");
        let also: File = log.try_clone().expect("a file can be shared");
        let child = command.stdin(Stdio::null()).stdout(also).stderr(log).spawn().expect("the server can be run");
        let child = self.child.insert(child);
        let end = Instant::now() + START;
        loop {
            let ended = child.try_wait().expect("a child can be waited for");
            let log = std::fs::read(self.directory.path().join(LOG)).unwrap_or_default();
            if let Some(address) = ready(&log[already_logged.min(log.len())..]) {
                self.address = address;
                return;
            }
            let log = String::from_utf8_lossy(&log);
            assert!(ended.is_none(), "the server did not start: {log}");
            assert!(Instant::now() < end, "the server is not ready after {START:?}: {log}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = program::command(program);
        // Nothing is written into the source tree by a setting that a test forgot.
        command.current_dir(self.directory.path()).envs(self.variables.iter().map(|(name, value)| (name, value)));
        match &self.memory {
            Some(group) => group.enclose(&command),
            None => command,
        }
    }

    fn log_path(&self) -> PathBuf {
        self.directory.path().join(LOG)
    }
}

const LOG: &str = "log";

/// The address in the line that says that the server is ready.
fn ready(log: &[u8]) -> Option<SocketAddr> {
    log.split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .find(|line| line["message"] == "ready" && line["address"].is_string())
        .and_then(|line| line["address"].as_str()?.split(',').next()?.parse().ok())
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            process::signal(&child, Signal::TERM);
            if wait_for_exit(&mut child, STOP).is_none() {
                process::signal(&child, Signal::KILL);
                let _ = child.wait();
            }
        }
        stop_orphan(&self.data_dir());
    }
}

fn postmaster(data_dir: &Path) -> Option<u32> {
    let file = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid")).ok()?;
    file.lines().next()?.trim().parse().ok()
}

/// Ends a server that is not a child of this process, and removes its directory.
pub fn end_server(pid: i32, directory: &Path) {
    let Some(process) = rustix::process::Pid::from_raw(pid) else { return };
    let runs = || rustix::process::test_kill_process(process).is_ok();
    let _ = rustix::process::kill_process(process, Signal::TERM);
    let end = Instant::now() + STOP;
    while runs() && Instant::now() < end {
        process::pause();
    }
    if runs() {
        let _ = rustix::process::kill_process(process, Signal::KILL);
    }
    stop_orphan(&directory.join("data"));
    if std::env::var_os("TESTKIT_KEEP").is_none() {
        let _ = std::fs::remove_dir_all(directory);
    }
}

/// The PostgreSQL that a killed server left behind.
fn stop_orphan(data_dir: &Path) {
    let Some(pid) = postmaster(data_dir).map(u32::cast_signed) else { return };
    let is_postgres = || std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "postgres");
    let Some(process) = rustix::process::Pid::from_raw(pid) else { return };
    if is_postgres() {
        let _ = rustix::process::kill_process(process, Signal::QUIT);
        let end = Instant::now() + Duration::from_secs(5);
        while is_postgres() && Instant::now() < end {
            process::pause();
        }
    }
}
