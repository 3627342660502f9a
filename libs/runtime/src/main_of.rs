use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::ArgMatches;
use ddb_core::{Error, Result};

use crate::allocator::give_memory_back;
use crate::config::Config;
use crate::run::run;
use crate::service::Service;
use crate::setting::Definitions;
use crate::settings::Settings;
use crate::shared::Shared;
use crate::signal::{Signals, end_by};
use crate::telemetry::telemetry;

/// The whole `main` of a program that does nothing but serve: flags, settings, log, run.
pub fn main_of<C>(
    name: &'static str,
    definitions: Definitions,
    read: impl FnOnce(&Settings) -> Result<C>,
    services: impl AsyncFnOnce(C, &Shared) -> Result<Vec<Service>>,
) -> ExitCode {
    let command = clap::Command::new(name).version(env!("CARGO_PKG_VERSION")).args(definitions.arguments());
    match command.try_get_matches() {
        Ok(flags) => exit_code(name, serve(name, &definitions, &flags, read, services)),
        Err(error) => misused(name, &error),
    }
}

/// Says what is wrong with a command line, on standard error and under the program's name; help and version go to standard output.
pub fn misused(name: &str, error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return exit_code(
            name,
            error.print().map_err(|error| Error::bad_request(format!("cannot write to standard output: {error}"))),
        );
    }
    // Without colours, because the name of the program stands where clap writes "error".
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").map_or_else(|| text.clone(), |text| format!("{name}: {text}"));
    // There is nowhere to tell that standard error is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(MISUSED)
}

/// The exit status of a wrong command line.
const MISUSED: u8 = 2;

/// What `main_of` does after the flags are read.
pub fn serve<C>(
    name: &'static str,
    definitions: &Definitions,
    flags: &ArgMatches,
    read: impl FnOnce(&Settings) -> Result<C>,
    services: impl AsyncFnOnce(C, &Shared) -> Result<Vec<Service>>,
) -> Result<()> {
    let settings = Settings::of_process(definitions, flags)?;
    let config = Config::read(&settings)?;
    let own = read(&settings)?;
    let executor = executor()?;
    let telemetry = telemetry(&config, name, executor.handle())?;
    let result = executor.block_on(run(&config, &telemetry, async |shared| services(own, shared).await));
    // A thread that still looks up a name is not waited for.
    executor.shutdown_timeout(LEFT);
    result
}

/// How long blocking work may go on once everything else has ended.
const LEFT: Duration = Duration::from_secs(1);
/// How long a command that was told to end may take to tidy up.
const ENDING: Duration = Duration::from_secs(10);
/// Of each thread. What nests (queries, expressions, values) is bounded, and fits with room to spare also in builds without optimisation; memory is
/// taken as it is used.
const STACK_BYTES: usize = 16 << 20;

/// The executor of a process: a thread for each core.
pub fn executor() -> Result<tokio::runtime::Runtime> {
    give_memory_back();
    tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build().map_err(Error::internal)
}

/// Runs a command to its end, or to a signal that ends the process; a PostgreSQL that was started for it is stopped either way.
pub fn carry_out<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    let executor = executor()?;
    let outcome = executor.block_on(async {
        let mut signals = Signals::listen()?;
        let (told, hears) = tokio::sync::oneshot::channel();
        // On another thread: the command may be in the middle of something that lets nothing else run on its own.
        let watching = tokio::spawn(async move {
            let signal = signals.next().await;
            let _ = told.send(signal);
            // It gets some time to remove what it has begun and to stop its PostgreSQL; or until somebody insists.
            let _ = tokio::time::timeout(ENDING, signals.next_but_echo()).await;
            end_by(signal)
        });
        let result = tokio::select! {
            biased;
            result = command => Ok(result),
            Ok(signal) = hears => Err(signal),
        };
        ddb_postgres::ended().await;
        watching.abort();
        result.unwrap_or_else(|signal| end_by(signal))
    });
    executor.shutdown_timeout(LEFT);
    outcome
}

/// Says on standard error what went wrong.
pub fn exit_code(name: &str, result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nowhere to tell that standard error is closed.
            let _ = writeln!(std::io::stderr(), "{name}: {}", error.told());
            ExitCode::FAILURE
        }
    }
}
