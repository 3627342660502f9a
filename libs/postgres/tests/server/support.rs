use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use ddb_postgres::{Config, Connection, Server};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Row};
use tokio::sync::OnceCell;

/// Long, for machines that are busy with something else.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder that is deleted at the end of the test.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self::below(Path::new("/tmp"))
    }

    pub(crate) fn below(parent: &Path) -> Self {
        prepare();
        let path = parent.join(format!("ddb-test-{:016x}", rand::random::<u64>()));
        std::fs::create_dir(&path).expect("a scratch folder can be made");
        Self(path)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    pub(crate) fn cluster(&self) -> PathBuf {
        self.data().join("postgres")
    }

    /// A data directory that does not exist yet.
    pub(crate) fn config(&self) -> Config {
        Config::new(self.data())
    }

    pub(crate) async fn start(&self) -> Server {
        Server::start(&self.config()).await.expect("the server starts")
    }

    /// What `start` says when it refuses.
    pub(crate) async fn refusal(&self) -> String {
        match Server::start(&self.config()).await {
            Ok(_) => panic!("the server started"),
            Err(error) => error.to_string(),
        }
    }

    /// A data directory with a database in it and no server on it: a copy of one that was made once for all tests.
    pub(crate) async fn fill(&self) {
        let template = TEMPLATE.get_or_init(make_template).await;
        let status = Command::new("cp").arg("-a").arg(template).arg(self.data()).status().expect("cp can be run");
        assert!(status.success(), "the template cannot be copied");
    }

    /// The data directory is in order: a server starts, answers and stops.
    pub(crate) async fn works(&self) {
        let server = self.start().await;
        assert_eq!(ask(server.connection(), "select 'there'").await, "there");
        server.stop().await.expect("the server stops");
    }
}

static TEMPLATE: OnceCell<PathBuf> = OnceCell::const_new();
const TEMPLATE_PREFIX: &str = "ddb-test-template-";

async fn make_template() -> PathBuf {
    // Nothing runs after the last test; so those of earlier runs are deleted here.
    for entry in std::fs::read_dir("/tmp").expect("there is /tmp").flatten() {
        if let Some(pid) = entry.file_name().to_str().and_then(|name| name.strip_prefix(TEMPLATE_PREFIX))
            && !Path::new("/proc").join(pid).exists()
        {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let path = PathBuf::from(format!("/tmp/{TEMPLATE_PREFIX}{}", std::process::id()));
    let server = Server::start(&Config::new(&path)).await.expect("the server of the template starts");
    server.stop().await.expect("the server of the template stops");
    path
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The pinned PostgreSQL is fetched when it is missing; a failure to do so fails the tests.
fn prepare() {
    static PREPARED: OnceLock<()> = OnceLock::new();
    PREPARED.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fetch.sh");
        let status = Command::new(&script).stdout(Stdio::null()).status().expect("fetch.sh can be run");
        assert!(status.success(), "the pinned PostgreSQL is missing, and {} could not fetch it", script.display());
        tracing_subscriber::fmt().with_test_writer().with_max_level(tracing::Level::INFO).try_init().ok();
    });
}

/// The installation that `fetch.sh` made.
pub(crate) fn fetched() -> PathBuf {
    prepare();
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/postgres-18.6.3").canonicalize().expect("it was fetched")
}

pub(crate) async fn connect(connection: &Connection) -> sqlx::Result<PgConnection> {
    PgConnectOptions::new_without_pgpass()
        .socket(&connection.socket_dir)
        .port(connection.port)
        .username(&connection.user)
        .password(connection.password())
        .database(&connection.database)
        .connect()
        .await
}

/// The first column of the first row, as text.
pub(crate) async fn ask(connection: &Connection, sql: &'static str) -> String {
    let mut session = connect(connection).await.expect("the server takes connections");
    let row = sqlx::query(sql).fetch_one(&mut session).await.expect("the statement runs");
    row.get(0)
}

pub(crate) async fn run(connection: &Connection, sql: &'static str) {
    let mut session = connect(connection).await.expect("the server takes connections");
    sqlx::query(sql).execute(&mut session).await.expect("the statement runs");
}

/// The user whom the server runs as on this machine: that of the tests, unless that is root.
pub(crate) fn server_user() -> (u32, u32) {
    let us = (rustix::process::geteuid(), rustix::process::getegid());
    if !us.0.is_root() {
        return (us.0.as_raw(), us.1.as_raw());
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("there are users");
    let find = |name: &str| users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":x:").map(str::to_owned));
    let line = find("ddb").or_else(|| find("postgres")).or_else(|| find("nobody")).expect("there is a user for the server");
    let mut fields = line.split(':').map(|field| field.parse::<u32>().expect("an id"));
    (fields.next().expect("a uid"), fields.next().expect("a gid"))
}

/// A process that has nothing to do with PostgreSQL but runs as its user.
pub(crate) struct Innocent(Child);

impl Innocent {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let (uid, gid) = server_user();
        let child =
            Command::new("/bin/sh").args(["-c", "sleep 100; :"]).args(arguments).uid(uid).gid(gid).process_group(0).spawn();
        Self(child.expect("a shell can be started"))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn assert_alive(&mut self) {
        assert_eq!(self.0.try_wait().expect("it can be asked"), None, "the innocent process was ended");
    }
}

impl Drop for Innocent {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.0.wait();
    }
}

pub(crate) fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(pid.try_into().expect("a pid")).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("the process exists");
}

/// The processes of a cluster: all whose working directory it is.
pub(crate) fn processes_in(cluster: &Path) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("there is /proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == cluster) {
            found.push(pid);
        }
    }
    found
}

/// Waits for something that must come about.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until the server answers again.
pub(crate) async fn reconnect(connection: &Connection) -> PgConnection {
    let begin = Instant::now();
    loop {
        match connect(connection).await {
            Ok(session) => return session,
            Err(error) => assert!(begin.elapsed() < PATIENCE, "the server does not come back: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
