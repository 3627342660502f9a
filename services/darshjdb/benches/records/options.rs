//! The command line: `cargo bench -p darshjdb --bench records -- [options]`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;

use crate::dialect::Dialect;
use crate::{Result, fail};

/// Measures create, get and update of records on DarshJDB and, in the same run, on PocketBase.
#[derive(Parser)]
#[command(name = "records")]
pub(crate) struct Options {
    /// Checks that the harness works: one run of 2 s per figure, 10,000 records, nothing kept in the history
    #[arg(long)]
    pub(crate) quick: bool,
    /// Measures one server only
    #[arg(long, value_enum)]
    pub(crate) only: Option<Dialect>,
    /// Seconds of a run, after its warm-up
    #[arg(long, default_value_t = 8.0)]
    seconds: f64,
    /// Seconds before each run that do not count
    #[arg(long, default_value_t = 2.0)]
    warm_up: f64,
    /// Runs of each figure; the median is reported
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=9))]
    runs: u64,
    /// Records before measuring begins
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    records: u64,
    /// Keep-alive connections
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1_024))]
    connections: u64,
    /// The server program; otherwise the one that cargo built with this benchmark
    #[arg(long, value_name = "FILE")]
    ddb: Option<PathBuf>,
    /// A further argument of `ddb start`; may be given several times
    #[arg(long = "server-arg", value_name = "ARG", allow_hyphen_values = true)]
    pub(crate) server_args: Vec<String>,
    /// Measures a running, empty server at this loopback address instead of starting one; needs --only
    #[arg(long, value_name = "http://127.0.0.1:PORT", requires = "only")]
    url: Option<String>,
    /// The process of the server at --url, to account for its CPU and memory
    #[arg(long, requires = "url")]
    pub(crate) pid: Option<u32>,
    /// The superuser of a PocketBase at --url, as email:password
    #[arg(long, requires = "url")]
    pub(crate) superuser: Option<String>,
    /// Where the data directories are made; on a disk, or flushing costs nothing
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    pub(crate) directory: PathBuf,
    /// Keeps data directories and logs
    #[arg(long)]
    pub(crate) keep: bool,
    /// Writes nothing to history.csv
    #[arg(long)]
    pub(crate) no_history: bool,
    /// What cargo passes to every benchmark
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}

impl Options {
    pub(crate) fn dialects(&self) -> Vec<Dialect> {
        self.only.map_or_else(|| vec![Dialect::DarshJdb, Dialect::PocketBase], |only| vec![only])
    }

    pub(crate) fn ddb(&self) -> &Path {
        self.ddb.as_deref().unwrap_or(Path::new(env!("CARGO_BIN_EXE_ddb")))
    }

    pub(crate) fn window(&self) -> Duration {
        Duration::from_secs_f64(if self.quick { 2.0 } else { self.seconds })
    }

    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_secs_f64(if self.quick { 0.5 } else { self.warm_up })
    }

    pub(crate) fn runs(&self) -> usize {
        if self.quick { 1 } else { self.runs as usize }
    }

    pub(crate) fn records(&self) -> usize {
        if self.quick { 10_000 } else { self.records as usize }
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections as usize
    }

    /// The address of --url, loopback only: this program puts load on whatever it is given.
    pub(crate) fn given_address(&self) -> Result<Option<SocketAddr>> {
        let Some(url) = &self.url else { return Ok(None) };
        let host = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/').replace("localhost", "127.0.0.1");
        match host.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() => Ok(Some(address)),
            _ => fail(format!("--url {url} is not a loopback address like http://127.0.0.1:7700")),
        }
    }
}
