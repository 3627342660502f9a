//! The order of measuring. Servers take turns within each figure (A B A B A B), so that a disturbance of the machine meets
//! both and the ratio of a pair holds; the one that waits is frozen. Creates come last, so that gets and updates meet
//! exactly the seeded records.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::SmallRng;

use crate::Result;
use crate::http::Connection;
use crate::limit;
use crate::limit::Limit;
use crate::load::{Load, Run};
use crate::options::Options;
use crate::policy;
use crate::process;
use crate::report;
use crate::server::Server;
use crate::workload::{Operation, User};

const USERS: usize = 16;
const SEED_BATCH: usize = 500;
const SEED: u64 = 20_261_122;
/// From ready to idle.
const SETTLE: Duration = Duration::from_secs(3);
/// Holds the answers to all repeated lists.
const ANSWER_CACHE: &str = "512MB";
/// Access tokens end after 15 minutes.
const TOKEN_AGE: Duration = Duration::from_secs(5 * 60);

/// A server with its users and everything that was measured on it.
pub(crate) struct Contender {
    pub(crate) server: Server,
    users: Vec<Arc<User>>,
    tokens_since: Instant,
    pub(crate) first_start: Option<Duration>,
    pub(crate) durability: Option<String>,
    pub(crate) starts: Vec<Duration>,
    pub(crate) idle_bytes: Vec<u64>,
    pub(crate) runs: Vec<(Operation, Run)>,
    pub(crate) bytes_after_load: Option<u64>,
    /// Of the creates, per run.
    pub(crate) disk_per_record: Vec<f64>,
    pub(crate) wal_per_record: Vec<f64>,
    pub(crate) limits: Vec<Limit>,
}

impl Contender {
    pub(crate) fn new(server: Server) -> Self {
        Self {
            server,
            users: Vec::new(),
            tokens_since: Instant::now(),
            first_start: None,
            durability: None,
            starts: Vec::new(),
            idle_bytes: Vec::new(),
            runs: Vec::new(),
            bytes_after_load: None,
            disk_per_record: Vec::new(),
            wal_per_record: Vec::new(),
            limits: Vec::new(),
        }
    }

    pub(crate) fn failures(&self) -> u64 {
        self.runs.iter().map(|(_, run)| run.failures.count()).sum()
    }

    pub(crate) fn runs_of(&self, operation: Operation) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |(of, _)| *of == operation).map(|(_, run)| run)
    }

    async fn prepare(&mut self, options: &Options) -> Result<()> {
        let name = self.server.dialect.name();
        if self.server.is_ours() {
            self.first_start = Some(self.server.start(options).await?);
        }
        self.durability = self.server.postmaster().and_then(|postmaster| postmaster.durability());

        let begin = Instant::now();
        let mut connection = Connection::open(self.server.address).await?;
        self.tokens_since = Instant::now();
        let mut users = self.server.dialect.set_up(&mut connection, options, USERS).await?;
        let signed_up = begin.elapsed();

        let mut random = SmallRng::seed_from_u64(SEED);
        let each = options.records().div_ceil(USERS);
        for seeded in (0..each).step_by(SEED_BATCH) {
            for user in &mut users {
                let count = SEED_BATCH.min(each - seeded);
                let keys = self.server.dialect.seed(&mut connection, user, count, &mut random).await?;
                user.keys.extend(keys);
            }
        }
        policy::check(self.server.dialect, &mut connection, &users[0], &users[1]).await?;
        self.users = users.into_iter().map(Arc::new).collect();
        println!(
            "{name}: {USERS} users in {:.1} s, {} records in {:.1} s; only owners see them",
            signed_up.as_secs_f64(),
            each * USERS,
            (begin.elapsed() - signed_up).as_secs_f64()
        );
        Ok(())
    }

    async fn restart(&mut self, options: &Options) -> Result<()> {
        self.server.stop();
        let start = self.server.start(options).await?;
        tokio::time::sleep(SETTLE).await;
        let idle = process::proportional_bytes(&self.server.processes());
        println!(
            "start   {:<10} {:>6.0} ms, idle {:.0} MB",
            self.server.dialect.name(),
            start.as_secs_f64() * 1e3,
            idle as f64 / 1e6
        );
        self.starts.push(start);
        self.idle_bytes.push(idle);
        Ok(())
    }

    async fn with_cache(&mut self, options: &Options) -> Result<()> {
        self.server.stop();
        self.server.answer_cache = ANSWER_CACHE;
        self.server.start(options).await?;
        Ok(())
    }

    async fn index(&mut self, options: &Options) -> Result<()> {
        let begin = Instant::now();
        let mut connection = Connection::open(self.server.address).await?;
        self.server.dialect.index(&mut connection, options).await?;
        println!("index   {:<10} {:>6.1} s", self.server.dialect.name(), begin.elapsed().as_secs_f64());
        Ok(())
    }

    async fn load(&mut self, options: &Options, operation: Operation, number: usize) -> Result<()> {
        self.renew_tokens().await?;
        let disk_before = self.server.record_bytes();
        let wal_before = self.server.postmaster().and_then(|postmaster| postmaster.wal_bytes());

        let load = Load {
            server: &self.server,
            users: &self.users,
            operation,
            // More than that would wait for each other longer than the server lets a write wait.
            connections: if operation == Operation::CreateMany { 8 } else { options.connections() },
            warm_up: options.warm_up(),
            window: options.window(),
            seed: SEED + number as u64,
        };
        let run = load.run().await?;
        report::print_run(self.server.dialect, operation, number, &run);

        if operation == Operation::Create && run.successes > 0 {
            let per_record = |before: u64, after: u64| after.saturating_sub(before) as f64 / run.successes as f64;
            if let (Some(before), Some(after)) = (disk_before, self.server.record_bytes()) {
                self.disk_per_record.push(per_record(before, after));
            }
            let wal_after = self.server.postmaster().and_then(|postmaster| postmaster.wal_bytes());
            if let (Some(before), Some(after)) = (wal_before, wal_after) {
                self.wal_per_record.push(per_record(before, after));
            }
        }
        self.runs.push((operation, run));
        Ok(())
    }

    async fn renew_tokens(&mut self) -> Result<()> {
        if self.tokens_since.elapsed() < TOKEN_AGE {
            return Ok(());
        }
        let mut connection = Connection::open(self.server.address).await?;
        self.tokens_since = Instant::now();
        for user in &mut self.users {
            let user = Arc::get_mut(user).expect("no run holds a user between two runs");
            self.server.dialect.renew(&mut connection, user).await?;
        }
        Ok(())
    }
}

pub(crate) async fn all(options: &Options, contenders: &mut [Contender]) -> Result<()> {
    for contender in &mut *contenders {
        contender.prepare(options).await?;
        contender.server.freeze();
    }
    for _ in 0..options.runs() {
        for contender in contenders.iter_mut().filter(|contender| contender.server.is_ours()) {
            contender.server.thaw();
            contender.restart(options).await?;
            contender.server.freeze();
        }
    }
    for operation in [Operation::Get, Operation::Update, Operation::Mixed, Operation::Create] {
        take_turns(options, contenders, operation).await?;
    }
    for contender in &mut *contenders {
        contender.server.thaw();
        contender.index(options).await?;
        contender.server.freeze();
    }
    take_turns(options, contenders, Operation::List).await?;
    for contender in contenders.iter_mut().filter(|contender| contender.server.is_ours()) {
        contender.server.thaw();
        tokio::time::sleep(SETTLE).await;
        contender.bytes_after_load = Some(process::proportional_bytes(&contender.server.processes()));
        if let Some(postmaster) = contender.server.postmaster() {
            contender.limits = limit::measure(&postmaster, options).await?;
        }
        contender.with_cache(options).await?;
        contender.server.freeze();
    }
    take_turns(options, contenders, Operation::RepeatedList).await?;
    take_turns(options, contenders, Operation::CreateMany).await
}

async fn take_turns(options: &Options, contenders: &mut [Contender], operation: Operation) -> Result<()> {
    for number in 1..=options.runs() {
        for contender in contenders.iter_mut().filter(|contender| contender.server.dialect.has(operation)) {
            contender.server.thaw();
            contender.load(options, operation, number).await?;
            contender.server.freeze();
        }
    }
    Ok(())
}
