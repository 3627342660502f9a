use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{ReadHalf, WriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::{Database, Directory};

/// How long a commit that is cut [`Cut::Late`] is on the way.
const LATE: Duration = Duration::from_millis(150);
const PORT: u16 = 5432;
const TLS_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();
/// How the transactor's transactions begin.
const BEGIN: &[u8] = b"begin isolation level read committed; ";
const LOCK: &[u8] = b"select pg_advisory_xact_lock(";

/// Stands between `ddb` and PostgreSQL and understands as much of the protocol as it takes to cut a connection at a chosen message of the
/// transactor, or to be away. A unix socket, gone with the value.
pub struct Proxy {
    directory: Directory,
    database: Database,
    mode: watch::Sender<Mode>,
    plan: Arc<Plan>,
    carrying: JoinHandle<()>,
}

/// A message of the transactor, before it is forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// `begin` with the namespace's lock.
    Begin,
    /// Any message between that and `commit`.
    Statement,
    Commit,
}

/// What becomes of the connection at a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    No,
    /// The message does not reach PostgreSQL.
    Before,
    /// PostgreSQL answers the message; the answer is lost.
    After,
    /// PostgreSQL does what the message says; the client is told that PostgreSQL ended over an error, as when the disk fails to take its log.
    Panic,
    /// The client loses the connection at once; the message reaches PostgreSQL a while later.
    Late,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Forward,
    Refuse,
    Hang,
}

type Decide = Box<dyn FnMut(Point) -> Cut + Send>;

#[derive(Default)]
struct Plan {
    decide: Mutex<Option<Decide>>,
}

impl Plan {
    fn decide(&self, point: Point) -> Cut {
        let mut decide = self.decide.lock().unwrap_or_else(PoisonError::into_inner);
        decide.as_mut().map_or(Cut::No, |decide| decide(point))
    }
}

impl Proxy {
    /// Forwards everything until told otherwise.
    pub async fn start(database: &Database) -> Self {
        let directory = Directory::new();
        let (mode, _) = watch::channel(Mode::Forward);
        let plan = Arc::new(Plan::default());
        let path = directory.path().join(format!(".s.PGSQL.{PORT}"));
        let listener = UnixListener::bind(&path).expect("a socket can be made");
        let carrying = tokio::spawn(accept(listener, path, database.socket(), mode.subscribe(), plan.clone()));
        Self { directory, database: database.clone(), mode, plan, carrying }
    }

    /// The database behind it, as `DATABASE_URL` takes it.
    pub fn database(&self) -> Database {
        self.database.through(self.directory.path(), PORT)
    }

    /// Asked at every message of the transactor what becomes of the connection.
    pub fn cut(&self, decide: impl FnMut(Point) -> Cut + Send + 'static) {
        *self.plan.decide.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(decide));
    }

    pub fn cut_nothing(&self) {
        *self.plan.decide.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Ends every connection; nobody listens any more.
    pub fn refuse(&self) {
        self.mode.send_replace(Mode::Refuse);
    }

    /// Takes connections and bytes, and answers nothing.
    pub fn hang(&self) {
        self.mode.send_replace(Mode::Hang);
    }

    /// Forwards again; the connections that hung are ended.
    pub fn resume(&self) {
        self.mode.send_replace(Mode::Forward);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

async fn accept(listener: UnixListener, path: PathBuf, upstream: PathBuf, mode: watch::Receiver<Mode>, plan: Arc<Plan>) {
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    let mut changes = mode.clone();
    loop {
        match (*changes.borrow_and_update(), listener.is_some()) {
            // The socket's file stays, so that a connection is refused and not merely not found.
            (Mode::Refuse, true) => listener = None,
            (Mode::Forward | Mode::Hang, false) => {
                std::fs::remove_file(&path).expect("the old socket is there");
                listener = Some(UnixListener::bind(&path).expect("a socket can be made"));
            }
            _ => {}
        }
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            accepted = accepted => if let Ok((client, _)) = accepted {
                connections.spawn(carry(client, upstream.clone(), mode.clone(), plan.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Both ends are closed when this ends.
async fn carry(mut client: UnixStream, upstream: PathBuf, mut mode: watch::Receiver<Mode>, plan: Arc<Plan>) {
    let mut changed = mode.clone();
    tokio::select! {
        biased;
        // An error: the proxy is gone.
        _ = changed.wait_for(|mode| *mode != Mode::Forward) => {}
        _ = forward(&mut client, &upstream, &plan) => return,
    }
    let _ = mode.wait_for(|mode| *mode != Mode::Hang).await;
}

async fn forward(client: &mut UnixStream, upstream: &Path, plan: &Plan) -> std::io::Result<()> {
    let mut server = UnixStream::connect(upstream).await?;
    let cut = {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        tokio::select! {
            cut = frontend(&mut from_client, &mut to_server, plan) => cut?,
            // The server has ended the connection.
            copied = tokio::io::copy(&mut from_server, &mut to_client) => return copied.map(|_| ()),
        }
    };
    let Some((cut, message)) = cut else { return Ok(()) };
    match cut {
        Cut::No | Cut::Before => return Ok(()),
        Cut::After | Cut::Panic => server.write_all(&message).await?,
        Cut::Late => {
            client.shutdown().await?;
            tokio::time::sleep(LATE).await;
            server.write_all(&message).await?;
        }
    }
    let mut answer = Vec::new();
    while !is_complete(&answer) && server.read_buf(&mut answer).await? > 0 {}
    if cut == Cut::Panic {
        client.write_all(&panic()).await?;
    }
    Ok(())
}

/// An `ErrorResponse`: its fields, each with its type before it.
fn panic() -> Vec<u8> {
    let fields = b"SPANIC\0VPANIC\0C58030\0Mcould not fsync file: Input/output error\0\0";
    let length = u32::try_from(fields.len() + 4).expect("it is short").to_be_bytes();
    [b"E", length.as_slice(), fields].concat()
}

/// Forwards messages until one is to be cut, which is given back; None at the end of the connection.
async fn frontend(client: &mut ReadHalf<'_>, server: &mut WriteHalf<'_>, plan: &Plan) -> std::io::Result<Option<(Cut, Vec<u8>)>> {
    let mut buffer = Vec::new();
    let mut has_started = false;
    let mut in_group = false;
    loop {
        // Until the session begins, messages have no type.
        let header = if has_started { 1 } else { 0 };
        let length = buffer
            .get(header..header + 4)
            .map(|bytes| header + bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)));
        let Some(length) = length.filter(|length| buffer.len() >= *length) else {
            if client.read_buf(&mut buffer).await? == 0 {
                return Ok(None);
            }
            continue;
        };
        let rest = buffer.split_off(length);
        let message = std::mem::replace(&mut buffer, rest);
        let query = if has_started { message.strip_prefix(b"Q").and_then(|message| message.get(4..)) } else { None };
        // The answer to the question whether there is TLS on a unix socket is no, and the session begins then.
        has_started |= message.get(4..8) != Some(&TLS_REQUEST);
        let point = match query {
            Some(query) if query.starts_with(BEGIN) && holds(query, LOCK) => {
                in_group = true;
                Some(Point::Begin)
            }
            Some(b"commit\0") if in_group => {
                in_group = false;
                Some(Point::Commit)
            }
            Some(_) => {
                in_group = false;
                None
            }
            // One for each statement; the messages before it are not executed without it.
            None if in_group && message.starts_with(b"S") => Some(Point::Statement),
            None => None,
        };
        match point.map_or(Cut::No, |point| plan.decide(point)) {
            Cut::No => server.write_all(&message).await?,
            cut @ (Cut::Before | Cut::After | Cut::Panic | Cut::Late) => return Ok(Some((cut, message))),
        }
    }
}

/// Whether the server waits for the next query: the last message is `ReadyForQuery`.
fn is_complete(answer: &[u8]) -> bool {
    answer.len() >= 6 && answer[answer.len() - 6..].starts_with(&[b'Z', 0, 0, 0, 5])
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
