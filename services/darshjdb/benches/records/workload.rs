//! What is asked: records of four fields, sixteen users who own a sixteenth each, and the requests of one connection.

use std::io::Write;
use std::sync::Arc;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::dialect::Dialect;
use crate::http::request_tail;

const STATUSES: [&str; 8] = ["open", "planned", "active", "waiting", "review", "done", "closed", "dropped"];
const PRIORITIES: u32 = 1_000;
const REPEATED_PRIORITIES: u32 = 125;
const TITLES: u32 = 1_000_000;
/// Records of one request that creates many.
const MANY: usize = 1_000;
/// So many that an update hardly ever writes what is there already.
const UPDATED_PRIORITIES: u32 = 1_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Get,
    Update,
    Create,
    /// Nine gets and an update.
    Mixed,
    /// Twenty records of a status, from some priority on, by priority.
    List,
    /// The same from one of few priorities on: a thousand different requests of each user.
    RepeatedList,
    /// A thousand records in one request.
    CreateMany,
}

impl Operation {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Update => "update",
            Self::Create => "create",
            Self::Mixed => "mixed 90/10",
            Self::List => "list",
            Self::RepeatedList => "repeated list",
            Self::CreateMany => "create 1,000",
        }
    }

    /// Whether DarshJDB keeps answers while this is measured.
    pub(crate) fn has_cache(self) -> bool {
        matches!(self, Self::RepeatedList | Self::CreateMany)
    }
}

/// An ordinary account, its token and the keys of the records it owns.
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) token: String,
    /// Empty where tokens outlive the benchmark.
    pub(crate) refresh_token: String,
    pub(crate) keys: Vec<String>,
}

/// Appends one record as JSON, drawn from 8 × 1,000 × 1,000,000 × 2 combinations.
pub(crate) fn write_task(random: &mut SmallRng, owner: Option<&str>, out: &mut Vec<u8>) {
    let title = random.random_range(0..TITLES);
    let status = STATUSES[random.random_range(0..STATUSES.len())];
    let priority = random.random_range(0..PRIORITIES);
    let done = random.random::<bool>();
    write!(out, r#"{{"title":"task number {title}","status":"{status}","priority":{priority},"done":{done}"#)
        .expect("a Vec takes every write");
    if let Some(owner) = owner {
        write!(out, r#","owner":"{owner}""#).expect("a Vec takes every write");
    }
    out.push(b'}');
}

/// The endless requests of one connection, drawn with a fixed seed.
pub(crate) struct Requests {
    dialect: Dialect,
    operation: Operation,
    user: Arc<User>,
    owner: Option<String>,
    start: String,
    tail: String,
    tail_of_get: String,
    random: SmallRng,
    body: Vec<u8>,
    key: usize,
}

impl Requests {
    pub(crate) fn new(dialect: Dialect, operation: Operation, user: Arc<User>, seed: u64) -> Self {
        let path = dialect.records_path();
        let start = match operation {
            Operation::Get => format!("GET {path}/"),
            Operation::Update => format!("PATCH {path}/"),
            Operation::Create | Operation::CreateMany => format!("POST {path}"),
            Operation::Mixed => format!("{path}/"),
            Operation::List | Operation::RepeatedList => format!("GET {path}?"),
        };
        let has_body = !matches!(operation, Operation::Get | Operation::List | Operation::RepeatedList);
        let tail = request_tail(Some(&user.token), has_body);
        let tail_of_get = request_tail(Some(&user.token), false);
        let owner = dialect.client_sets_owner().then(|| user.id.clone());
        let random = SmallRng::seed_from_u64(seed);
        Self { dialect, operation, user, owner, start, tail, tail_of_get, random, body: Vec::new(), key: 0 }
    }

    /// Replaces `out` by the next request.
    pub(crate) fn next(&mut self, out: &mut Vec<u8>) {
        out.clear();
        self.body.clear();
        let is_update =
            self.operation == Operation::Update || self.operation == Operation::Mixed && self.random.random_range(0..10) == 0;
        if self.operation == Operation::Mixed {
            out.extend_from_slice(if is_update { b"PATCH " } else { b"GET " });
        }
        out.extend_from_slice(self.start.as_bytes());
        match self.operation {
            Operation::Get => self.draw_key(out),
            Operation::Mixed if !is_update => self.draw_key(out),
            Operation::List | Operation::RepeatedList => {
                let status = STATUSES[self.random.random_range(0..STATUSES.len())];
                let distinct = if self.operation == Operation::List { PRIORITIES * 3 / 4 } else { REPEATED_PRIORITIES };
                let priority = self.random.random_range(0..distinct);
                out.extend_from_slice(self.dialect.list(status, priority).as_bytes());
            }
            Operation::Update | Operation::Mixed => {
                self.draw_key(out);
                let priority = self.random.random_range(0..UPDATED_PRIORITIES);
                write!(self.body, r#"{{"priority":{priority}}}"#).expect("a Vec takes every write");
            }
            Operation::Create => write_task(&mut self.random, self.owner.as_deref(), &mut self.body),
            Operation::CreateMany => {
                for number in 0..MANY {
                    self.body.push(if number == 0 { b'[' } else { b',' });
                    write_task(&mut self.random, None, &mut self.body);
                }
                self.body.push(b']');
            }
        }
        let is_get = self.operation == Operation::Mixed && !is_update;
        out.extend_from_slice(if is_get { self.tail_of_get.as_bytes() } else { self.tail.as_bytes() });
        if !self.body.is_empty() {
            write!(out, "{}\r\n\r\n", self.body.len()).expect("a Vec takes every write");
            out.extend_from_slice(&self.body);
        }
    }

    /// Whether the body can be the answer to the request drawn last: a record, and the one that was asked for.
    pub(crate) fn is_answered_by(&self, body: &[u8]) -> bool {
        match self.operation {
            Operation::Get | Operation::Update | Operation::Mixed => contains(body, self.user.keys[self.key].as_bytes()),
            Operation::Create | Operation::CreateMany | Operation::List | Operation::RepeatedList => contains(body, br#""id""#),
        }
    }

    fn draw_key(&mut self, out: &mut Vec<u8>) {
        self.key = self.random.random_range(0..self.user.keys.len());
        out.extend_from_slice(self.user.keys[self.key].as_bytes());
    }
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}
