use std::io::IsTerminal;

use ddb_core::{Error, Result};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};
use crate::log_writer::LogWriter;

/// Dropped at the end of `main`, it waits until the log is written.
#[must_use]
pub struct LogGuard(LogWriter);

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.0.flush();
    }
}

/// Starts the log on standard error, for the whole process, and sends panics there.
pub fn telemetry(config: &Config) -> Result<LogGuard> {
    let writer = LogWriter::start().map_err(Error::internal)?;
    let terminal = std::io::stderr().is_terminal();
    let format = config.log_format.unwrap_or(if terminal { LogFormat::Pretty } else { LogFormat::Json });
    let filter = EnvFilter::builder().parse(&config.log).map_err(Error::internal)?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer.clone()).with_ansi(terminal);
    let started = match format {
        LogFormat::Pretty => subscriber.try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
    };
    started.map_err(Error::internal)?;
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("a panic without a message");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic: {message}");
    }));
    Ok(LogGuard(writer))
}
