use std::io::IsTerminal;

use ddb_core::{Error, Result};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt, LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::log_writer::LogWriter;
use crate::config::{Config, LogFormat};

/// Of the spans that are for traces alone.
pub(super) const TRACE_TARGET: &str = "ddb_trace";
/// What these say in detail holds headers, frames and statements, and so tokens and values: it is not logged, whatever the filter says.
const NEVER_IN_DETAIL: [&str; 10] =
    ["async_nats", "h2", "hyper", "hyper_util", "opentelemetry", "rustls", "sqlx", "tokio_rustls", "tower", TRACE_TARGET];

/// The log of a command. Dropped at the end of `main`, it waits until everything is written.
#[must_use]
pub struct LogGuard(pub(super) LogWriter);

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.0.flush();
    }
}

/// Starts the log on standard error, for the whole process, and sends panics there.
pub fn log(config: &Config) -> Result<LogGuard> {
    let writer = LogWriter::start().map_err(Error::internal)?;
    Registry::default().with(layer(config, writer.clone())?).try_init().map_err(Error::internal)?;
    catch_panics();
    Ok(LogGuard(writer))
}

/// The log on standard error.
pub(super) fn layer<S>(config: &Config, writer: LogWriter) -> Result<Box<dyn Layer<S> + Send + Sync>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let filter = EnvFilter::builder().parse(&config.log).map_err(Error::internal)?;
    let filter = filter.and(filter_fn(is_safe).with_max_level_hint(LevelFilter::TRACE));
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(std::io::stderr().is_terminal());
    Ok(match form(config) {
        LogFormat::Pretty => lines.with_filter(filter).boxed(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(true).with_span_list(false).with_filter(filter).boxed()
        }
    })
}

/// The form that the settings name, else the one that fits the reader of standard error.
pub(super) fn form(config: &Config) -> LogFormat {
    let of_reader = if std::io::stderr().is_terminal() { LogFormat::Pretty } else { LogFormat::Json };
    config.log_format.unwrap_or(of_reader)
}

fn is_safe(metadata: &Metadata<'_>) -> bool {
    let in_detail = *metadata.level() > Level::WARN;
    let origin = metadata.target().split("::").next().unwrap_or_default();
    // Their crates have names that begin alike: `sqlx_postgres`, `opentelemetry-otlp`.
    let is_theirs = |name: &str| origin.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '-']));
    !(in_detail && NEVER_IN_DETAIL.iter().any(|name| is_theirs(name)))
}

pub(super) fn catch_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("a panic without a message");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic: {message}");
    }));
}
