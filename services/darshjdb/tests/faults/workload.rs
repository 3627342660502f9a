//! Concurrent writers that remember what they were told, clients that go away, and the check of what became of every request.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ddb_testkit::{Answer, Caller, Client, Json, Server, json};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const USERS: usize = 4;
const WRITERS: usize = 16;
/// Nobody waits longer for an answer: what takes longer hangs.
const HANGS: Duration = Duration::from_secs(20);

/// Accounts whose records the writers write.
pub(crate) struct Users(Vec<Caller>);

impl Users {
    pub(crate) async fn sign_up(server: &Server) -> Self {
        let mut users = Vec::new();
        for _ in 0..USERS {
            users.push(server.user().await);
        }
        Self(users)
    }

    pub(crate) fn first(&self) -> &Caller {
        &self.0[0]
    }
}

/// Whether a client may be left without an answer that it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// `ddb` is killed.
    MayBeMissing,
    /// `ddb` lives: everyone who waits is answered.
    Always,
}

/// One round of writing.
pub(crate) struct Workload {
    round: String,
    stop: Arc<AtomicBool>,
    writers: Vec<JoinHandle<Ledger>>,
}

/// What a request does, with a token that no other request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    /// With a key that the server generates.
    Create,
    CreateWithKey,
    /// `$push` of the token and `$inc`.
    Push,
    /// Reads, then writes with `If-Match`.
    Exchange,
    Delete,
}

/// What the client knows of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Done(i64),
    /// Nothing was written, by what it was told or because it did not send the whole of it.
    Refused(u16),
    /// It did not wait for the answer.
    WentAway,
    /// It waited, and the connection ended.
    NoAnswer,
    /// It was told that this is not known.
    NotKnown,
}

struct Entry {
    kind: Kind,
    /// Of a delete: the token of what is deleted.
    token: String,
    told: Told,
}

#[derive(Default)]
struct Ledger {
    entries: Vec<Entry>,
    wrong: Vec<String>,
}

impl Workload {
    /// Makes the records that are written together and starts the writers.
    pub(crate) async fn start(users: &Users, round: &str, seed: u64, answers: Answers) -> Self {
        for (index, user) in users.0.iter().enumerate() {
            for record in [journal("push", round, index), journal("exchange", round, index)] {
                let body = json!({ "id": record, "log": [], "count": 0 });
                user.post("/api/data/journal", &body).await.expect(201);
            }
        }
        let stop = Arc::new(AtomicBool::new(false));
        let writers = (0..WRITERS).map(|index| {
            let user = index % USERS;
            let writer = Writer {
                index,
                client: users.0[user].client.clone(),
                push: format!("/api/data/journal/{}", journal("push", round, user)),
                exchange: format!("/api/data/journal/{}", journal("exchange", round, user)),
                round: round.to_owned(),
                random: StdRng::seed_from_u64(seed.wrapping_mul(1_000).wrapping_add(index as u64)),
                answers,
                ledger: Ledger::default(),
                written: Vec::new(),
            };
            tokio::spawn(writer.run(stop.clone()))
        });
        Self { round: round.to_owned(), stop: stop.clone(), writers: writers.collect() }
    }

    /// Lets the writers finish what they are at; gives what they were told.
    pub(crate) async fn stop(self) -> Written {
        self.stop.store(true, Ordering::Relaxed);
        let mut written = Written { round: self.round, entries: Vec::new(), wrong: Vec::new() };
        for writer in self.writers {
            let ledger = writer.await.expect("a writer does not panic");
            written.entries.extend(ledger.entries);
            written.wrong.extend(ledger.wrong);
        }
        written
    }
}

fn journal(kind: &str, round: &str, user: usize) -> String {
    format!("{kind}-{round}-{user}")
}

struct Writer {
    index: usize,
    client: Client,
    push: String,
    exchange: String,
    round: String,
    random: StdRng,
    answers: Answers,
    ledger: Ledger,
    /// Paths and tokens of records that are this writer's alone and surely exist.
    written: Vec<(String, String)>,
}

/// How a client behaves.
enum Manner {
    Waits,
    /// Drops the connection this long after it began.
    Leaves(Duration),
    /// Sends the head and this share of the body, then drops the connection.
    StopsSending(f64),
}

impl Writer {
    async fn run(mut self, stop: Arc<AtomicBool>) -> Ledger {
        for number in 0.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let token = format!("{}w{}n{number}", self.round, self.index);
            let told = self.write(token).await;
            if matches!(told, Told::Refused(503) | Told::NoAnswer) {
                // The server is away.
                sleep(Duration::from_millis(20)).await;
            }
        }
        self.ledger
    }

    async fn write(&mut self, token: String) -> Told {
        let body;
        match self.random.random_range(0..100) {
            0..30 => {
                body = json!({ "token": token });
                self.request(Kind::Create, token, "POST", "/api/data/item", Some(body), None).await
            }
            30..45 => {
                body = json!({ "id": token, "token": token });
                self.request(Kind::CreateWithKey, token, "POST", "/api/data/item", Some(body), None).await
            }
            45..65 => {
                body = json!({ "log": { "$push": token }, "count": { "$inc": 1 } });
                let path = self.push.clone();
                self.request(Kind::Push, token, "PATCH", &path, Some(body), None).await
            }
            65..85 => self.exchange(token).await,
            _ => match self.written.pop() {
                Some((path, token)) => self.request(Kind::Delete, token, "DELETE", &path, None, None).await,
                None => Told::WentAway,
            },
        }
    }

    async fn exchange(&mut self, token: String) -> Told {
        let path = self.exchange.clone();
        let read = timeout(HANGS, self.client.try_send("GET".parse().expect("a method"), &path, None)).await;
        let found = match read {
            Ok(Ok(found)) if found.status == 200 => found,
            Ok(Ok(found)) if found.status == 503 => return Told::Refused(503),
            Ok(Ok(found)) => {
                self.wrong(format!("GET {path}: {} {}", found.status, found.text()));
                return Told::Refused(found.status);
            }
            Ok(Err(_)) if self.answers == Answers::MayBeMissing => return Told::NoAnswer,
            Ok(Err(error)) => {
                self.wrong(format!("GET {path}: {error}"));
                return Told::NoAnswer;
            }
            Err(_) => {
                self.wrong(format!("GET {path} hangs"));
                return Told::NoAnswer;
            }
        };
        let count = found.json["data"]["count"].as_i64().unwrap_or_default();
        let body = json!({ "log": { "$push": token }, "count": count + 1 });
        let version = found.header("etag").to_owned();
        self.request(Kind::Exchange, token, "PATCH", &path, Some(body), Some(&version)).await
    }

    async fn request(
        &mut self,
        kind: Kind,
        token: String,
        method: &str,
        path: &str,
        body: Option<Json>,
        version: Option<&str>,
    ) -> Told {
        let manner = match self.random.random_range(0..100) {
            0..80 => Manner::Waits,
            80..94 => Manner::Leaves(Duration::from_micros(self.random.random_range(0..8_000))),
            _ if body.is_none() => Manner::Waits,
            _ => Manner::StopsSending(self.random.random_range(0.0..0.95)),
        };
        let client = match version {
            Some(version) => self.client.with_header("if-match", version),
            None => self.client.clone(),
        };
        let text = body.map(|body| body.to_string());
        let content = text.clone().map(|text| ("application/json", text.into()));
        let sending = client.try_send(method.parse().expect("a method"), path, content);
        let told = match manner {
            Manner::Waits => match timeout(HANGS, sending).await {
                Ok(Ok(answer)) => {
                    let told = self.told(kind, path, &answer);
                    if let Told::Done(_) = told
                        && let Some(key) = answer.json["data"]["id"].as_str()
                        && matches!(kind, Kind::Create | Kind::CreateWithKey)
                    {
                        self.written.push((format!("/api/data/{}", key.replacen(':', "/", 1)), token.clone()));
                    }
                    told
                }
                Ok(Err(error)) if is_refused(&*error) => Told::Refused(0),
                Ok(Err(error)) => {
                    if self.answers == Answers::Always {
                        self.wrong(format!("{method} {path}: {error}"));
                    }
                    Told::NoAnswer
                }
                Err(_) => {
                    self.wrong(format!("{method} {path} hangs"));
                    Told::NoAnswer
                }
            },
            Manner::Leaves(after) => match timeout(after, sending).await {
                Ok(Ok(answer)) => self.told(kind, path, &answer),
                Ok(Err(error)) if is_refused(&*error) => Told::Refused(0),
                Ok(Err(_)) | Err(_) => Told::WentAway,
            },
            Manner::StopsSending(share) => {
                drop(sending);
                let text = text.unwrap_or_default();
                let part = &text.as_bytes()[..(text.len() as f64 * share) as usize];
                // Whether it arrives or not, it is not a whole request.
                let _ = send_part(&client, method, path, version, text.len(), part).await;
                Told::Refused(0)
            }
        };
        self.ledger.entries.push(Entry { kind, token, told });
        told
    }

    fn told(&mut self, kind: Kind, path: &str, answer: &Answer) -> Told {
        let expected = match kind {
            Kind::Create | Kind::CreateWithKey => 201,
            Kind::Push | Kind::Exchange => 200,
            Kind::Delete => 204,
        };
        let tx = answer.header("x-ddb-tx").parse();
        match (answer.status, tx) {
            (status, Ok(tx)) if status == expected => Told::Done(tx),
            (412, _) if kind == Kind::Exchange => Told::Refused(412),
            (503, _) if answer.code() == "UNAVAILABLE" && !answer.header("retry-after").is_empty() => {
                if answer.text().contains("not known yet") { Told::NotKnown } else { Told::Refused(503) }
            }
            (status, _) => {
                self.wrong(format!("{kind:?} {path}: {status} {}", answer.text()));
                Told::NoAnswer
            }
        }
    }

    fn wrong(&mut self, what: String) {
        self.ledger.wrong.push(format!("writer {}: {what}", self.index));
    }
}

/// Nobody listened, so nothing was sent.
fn is_refused(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
}

async fn send_part(
    client: &Client,
    method: &str,
    path: &str,
    version: Option<&str>,
    length: usize,
    part: &[u8],
) -> std::io::Result<()> {
    let address: SocketAddr = client.address;
    let token = client.token.as_deref().unwrap_or_default();
    let condition = version.map(|version| format!("if-match: {version}\r\n")).unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         {condition}content-length: {length}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(part).await?;
    stream.flush().await
}

/// What the writers of a round were told.
pub(crate) struct Written {
    round: String,
    entries: Vec<Entry>,
    wrong: Vec<String>,
}

/// What became of the requests: for each kind and what its client was told, how many took effect and how many did not.
#[derive(Default)]
pub(crate) struct Coverage {
    counts: BTreeMap<(Kind, &'static str), (u64, u64)>,
}

impl Written {
    /// Compares what clients were told with what is there now; panics with everything that is wrong.
    pub(crate) async fn check(self, server: &Server, users: &Users, coverage: &mut Coverage) {
        let Self { round, entries, mut wrong } = self;
        let there = There::read(server, users, &round).await;
        wrong.extend(there.wrong.iter().cloned());

        let deletes: HashMap<&str, Told> =
            entries.iter().filter(|entry| entry.kind == Kind::Delete).map(|entry| (entry.token.as_str(), entry.told)).collect();
        let mut acknowledged = HashSet::new();
        for entry in &entries {
            if let Told::Done(tx) = entry.told {
                if !acknowledged.insert(tx) {
                    wrong.push(format!("two writes were acknowledged with tx {tx}"));
                }
                if tx > there.head {
                    wrong.push(format!("tx {tx} was acknowledged, the newest one is {}", there.head));
                }
            }
            let times = match entry.kind {
                Kind::Create | Kind::CreateWithKey => there.items.get(&entry.token),
                Kind::Push => there.pushed.get(&entry.token),
                Kind::Exchange => there.exchanged.get(&entry.token),
                Kind::Delete => there.items.get(&entry.token),
            };
            let times = times.copied().unwrap_or_default();
            let effect = match entry.kind {
                Kind::Delete => u64::from(times == 0),
                // What was deleted, or may have been, counts as created: the delete checks it.
                Kind::Create | Kind::CreateWithKey if times == 0 && deletes.contains_key(entry.token.as_str()) => 1,
                _ => times,
            };
            let right = match entry.told {
                Told::Done(_) => effect == 1,
                Told::Refused(_) => effect == 0,
                Told::WentAway | Told::NoAnswer | Told::NotKnown => effect <= 1,
            };
            if !right {
                wrong.push(format!("{:?} {} was told {:?} and took effect {effect} times", entry.kind, entry.token, entry.told));
            }
            coverage.add(entry.kind, entry.told, effect > 0);
        }
        assert!(wrong.is_empty(), "round {round}, {} things are wrong:\n{}\n{}", wrong.len(), first(&wrong), logged(server));
    }
}

fn first(wrong: &[String]) -> String {
    wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n")
}

fn logged(server: &Server) -> String {
    let log = server.log();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

/// The tokens that the database holds, and how often.
struct There {
    head: i64,
    items: HashMap<String, u64>,
    pushed: HashMap<String, u64>,
    exchanged: HashMap<String, u64>,
    wrong: Vec<String>,
}

impl There {
    async fn read(server: &Server, users: &Users, round: &str) -> Self {
        let mut there =
            Self { head: 0, items: HashMap::new(), pushed: HashMap::new(), exchanged: HashMap::new(), wrong: Vec::new() };
        for (index, user) in users.0.iter().enumerate() {
            let mut path = "/api/data/item?limit=1000".to_owned();
            loop {
                let page = user.get(&path).await.expect(200);
                for token in page.json["data"].as_array().expect("a list").iter().filter_map(|item| item["token"].as_str()) {
                    *there.items.entry(token.to_owned()).or_default() += 1;
                }
                match page.json["next_cursor"].as_str() {
                    Some(cursor) => path = format!("/api/data/item?limit=1000&cursor={cursor}"),
                    None => break,
                }
            }
            for kind in ["push", "exchange"] {
                let record = user.get(&format!("/api/data/journal/{}", journal(kind, round, index))).await.expect(200);
                let log = record.json["data"]["log"].as_array().expect("a list");
                if record.json["data"]["count"].as_u64() != Some(log.len() as u64) {
                    there.wrong.push(format!("{kind}: {} tokens, count {}", log.len(), record.json["data"]["count"]));
                }
                let tokens = if kind == "push" { &mut there.pushed } else { &mut there.exchanged };
                for token in log.iter().filter_map(Json::as_str) {
                    *tokens.entry(token.to_owned()).or_default() += 1;
                }
            }
        }
        let report = verify(server);
        there.head = report["head"].as_i64().unwrap_or_default();
        if report["sound"] != true {
            there.wrong.push(format!("verify: {}", report["problems"]));
        }
        if report["transactions"] != report["head"] {
            there.wrong.push(format!("{} transactions, the newest is {}", report["transactions"], report["head"]));
        }
        there
    }
}

/// What `ddb verify` reports.
pub(crate) fn verify(server: &Server) -> Json {
    let output = server.ddb(&["verify", "--json"]);
    let report: Json = serde_json::from_str(&output.stdout).unwrap_or_default();
    assert_eq!(output.code == Some(0), report["sound"] == true, "{output:?}");
    assert!(report["head"].is_i64(), "{output:?}");
    report
}

impl Coverage {
    fn add(&mut self, kind: Kind, told: Told, took_effect: bool) {
        let told = match told {
            Told::Done(_) => "acknowledged",
            Told::Refused(412) => "mismatch",
            Told::Refused(503) => "unavailable",
            Told::Refused(_) => "not sent",
            Told::WentAway => "went away",
            Told::NoAnswer => "no answer",
            Told::NotKnown => "not known",
        };
        let (effective, ineffective) = self.counts.entry((kind, told)).or_default();
        *if took_effect { effective } else { ineffective } += 1;
    }

    /// Requests whose clients were told this, of all kinds: those that took effect and those that did not.
    pub(crate) fn of(&self, told: &str) -> (u64, u64) {
        let of_told = self.counts.iter().filter(|((_, name), _)| *name == told);
        of_told.fold((0, 0), |(a, b), (_, (effective, ineffective))| (a + effective, b + ineffective))
    }

    pub(crate) fn total(&self) -> u64 {
        self.counts.values().map(|(effective, ineffective)| effective + ineffective).sum()
    }

    /// Every kind of request was acknowledged at least this often, and of all requests at least this share.
    #[track_caller]
    pub(crate) fn expect_acknowledged(&self, of_each_kind: u64, share: f64) {
        for kind in [Kind::Create, Kind::CreateWithKey, Kind::Push, Kind::Exchange, Kind::Delete] {
            let (acknowledged, _) = self.counts.get(&(kind, "acknowledged")).copied().unwrap_or_default();
            assert!(acknowledged >= of_each_kind, "too few of {kind:?} were acknowledged:\n{self}");
        }
        let (acknowledged, _) = self.of("acknowledged");
        assert!(acknowledged as f64 >= share * self.total() as f64, "too few requests were acknowledged:\n{self}");
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for told in ["acknowledged", "mismatch", "unavailable", "not sent", "went away", "no answer", "not known"] {
            let (effective, ineffective) = self.of(told);
            let share = (effective + ineffective) as f64 * 100.0 / self.total().max(1) as f64;
            writeln!(f, "  {told:13} {:6} ({share:4.1} %), took effect {effective}", effective + ineffective)?;
        }
        for ((kind, told), (effective, ineffective)) in &self.counts {
            write!(f, "  {kind:?}, {told}: {effective}/{}", effective + ineffective)?;
        }
        writeln!(f)
    }
}
