//! The record benchmarks: create, get and update on DarshJDB beside PocketBase. See `benches/README.md`.

mod conditions;
mod dialect;
mod figures;
mod history;
mod http;
mod limit;
mod load;
mod measure;
mod options;
mod policy;
mod postgres;
mod process;
mod report;
mod server;
mod workload;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use rustix::process::{Signal, set_parent_process_death_signal};
use tokio::signal::unix::{SignalKind, signal};

use crate::conditions::Conditions;
use crate::measure::Contender;
use crate::options::Options;
use crate::server::Server;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A server that hangs must not hold the machine.
const LONGEST: Duration = Duration::from_secs(15 * 60);

fn fail<T>(message: impl Into<String>) -> Result<T> {
    Err(message.into().into())
}

// One thread: the load generator may not take more than its share of two cores.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    if !options.bench {
        println!("skipped: run it with `cargo bench -p darshjdb --bench records`"); // `cargo test --all-targets` comes here.
        return ExitCode::SUCCESS;
    }
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("records: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whatever way this ends, the servers are stopped and their data is removed.
async fn run(options: &Options) -> Result<()> {
    // If cargo is ended, so is this.
    set_parent_process_death_signal(Some(Signal::TERM))?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

    let directory = Directory::make(options)?;
    let conditions = Conditions::read(&directory.path);
    report::print_conditions(options, &conditions);
    let mut contenders = Vec::new();
    for dialect in options.dialects() {
        contenders.push(Contender::new(Server::new(dialect, options, &directory.path)?));
    }

    tokio::select! {
        measured = measure::all(options, &mut contenders) => measured?,
        _ = interrupt.recv() => return fail("interrupted"),
        _ = terminate.recv() => return fail("terminated"),
        () = tokio::time::sleep(LONGEST) => return fail("given up after 15 minutes"),
    }

    let figures = figures::of(&contenders);
    report::print_summary(&contenders, &figures);
    let failures: u64 = contenders.iter().map(Contender::failures).sum();
    if failures > 0 {
        return fail(format!("{failures} requests failed: THESE FIGURES ARE INVALID and not in the history"));
    }
    if !options.quick && !options.no_history {
        history::append(&conditions, &figures)?;
    }
    Ok(())
}

/// The folder of all data directories and logs of this run.
struct Directory {
    path: PathBuf,
    is_kept: bool,
}

impl Directory {
    fn make(options: &Options) -> Result<Self> {
        let path = Path::new(&options.directory).join(format!("bench-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self { path: path.canonicalize()?, is_kept: options.keep })
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if self.is_kept {
            println!("data and logs are in {}", self.path.display());
        } else if let Err(error) = std::fs::remove_dir_all(&self.path) {
            eprintln!("{} could not be removed: {error}", self.path.display());
        }
    }
}
