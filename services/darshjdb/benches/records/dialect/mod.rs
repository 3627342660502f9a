//! The two servers that the same program can measure.

mod darshjdb;
mod pocketbase;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use rand::rngs::SmallRng;

use crate::Result;
use crate::http::Connection;
use crate::options::Options;
use crate::workload::{Operation, User};

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Dialect {
    #[value(name = "darshjdb")]
    DarshJdb,
    #[value(name = "pocketbase")]
    PocketBase,
}

impl Dialect {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DarshJdb => "DarshJDB",
            Self::PocketBase => "PocketBase",
        }
    }

    /// The name of the server's own process.
    pub(crate) fn process_name(self) -> &'static str {
        match self {
            Self::DarshJdb => "ddb",
            Self::PocketBase => "pocketbase",
        }
    }

    /// Answers 200 once the server serves.
    pub(crate) fn ready_path(self) -> &'static str {
        match self {
            Self::DarshJdb => "/ready",
            Self::PocketBase => "/api/health",
        }
    }

    pub(crate) fn records_path(self) -> &'static str {
        match self {
            Self::DarshJdb => darshjdb::RECORDS,
            Self::PocketBase => pocketbase::RECORDS,
        }
    }

    /// PocketBase's rules compare a field that the client sends; DarshJDB sets `_owner` itself.
    pub(crate) fn client_sets_owner(self) -> bool {
        match self {
            Self::DarshJdb => false,
            Self::PocketBase => true,
        }
    }

    /// PocketBase creates many records by a batch of requests, which is off at first and has 50 at most.
    pub(crate) fn has(self, operation: Operation) -> bool {
        match self {
            Self::DarshJdb => true,
            Self::PocketBase => operation != Operation::CreateMany,
        }
    }

    /// Makes the data directory ready for the first start.
    pub(crate) fn prepare(self, data: &Path) -> Result<()> {
        match self {
            Self::DarshJdb => Ok(()),
            Self::PocketBase => pocketbase::prepare(data),
        }
    }

    pub(crate) fn command(self, options: &Options, data: &Path, address: SocketAddr, answer_cache: &str) -> Command {
        match self {
            Self::DarshJdb => darshjdb::command(options, data, address, answer_cache),
            Self::PocketBase => pocketbase::command(data, address),
        }
    }

    /// Makes the table where that is needed, and `count` ordinary users with their tokens.
    pub(crate) async fn set_up(self, connection: &mut Connection, options: &Options, count: usize) -> Result<Vec<User>> {
        match self {
            Self::DarshJdb => darshjdb::sign_up(connection, count).await,
            Self::PocketBase => pocketbase::set_up(connection, options, count).await,
        }
    }

    /// Creates `count` records of the user in one request and answers their keys.
    pub(crate) async fn seed(
        self,
        connection: &mut Connection,
        user: &User,
        count: usize,
        random: &mut SmallRng,
    ) -> Result<Vec<String>> {
        match self {
            Self::DarshJdb => darshjdb::seed(connection, user, count, random).await,
            Self::PocketBase => pocketbase::seed(connection, user, count, random).await,
        }
    }

    /// Makes the index on status and priority and waits for it.
    pub(crate) async fn index(self, connection: &mut Connection, options: &Options) -> Result<()> {
        match self {
            Self::DarshJdb => darshjdb::index(connection).await,
            Self::PocketBase => pocketbase::index(connection, options).await,
        }
    }

    /// The query string of twenty records of a status, from a priority on, by priority.
    pub(crate) fn list(self, status: &str, priority: u32) -> String {
        match self {
            Self::DarshJdb => format!(
                "limit=20&order=priority&where=status%20%3D%20%24s%20AND%20priority%20%3E%3D%20%24p&vars=%7B%22s%22%3A%22{status}%22%2C%22p%22%3A{priority}%7D"
            ),
            Self::PocketBase => {
                format!("perPage=20&skipTotal=1&sort=priority&filter=status%3D%27{status}%27%26%26priority%3E%3D{priority}")
            }
        }
    }

    /// New tokens before the old ones end.
    pub(crate) async fn renew(self, connection: &mut Connection, user: &mut User) -> Result<()> {
        match self {
            Self::DarshJdb => darshjdb::renew(connection, user).await,
            Self::PocketBase => Ok(()), // They last for days.
        }
    }
}

/// Accounts live in a data directory that is removed at the end.
const PASSWORD: &str = "a benchmark's password 7";

fn email(number: usize) -> String {
    format!("bench{number}@example.com")
}
