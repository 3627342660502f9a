//! What a process tells of itself: its log, its metrics, its traces.

mod figures;
mod log;
mod log_writer;
mod otlp;
mod page;
mod process;
mod start;

pub(crate) use figures::Figures;
pub use log::{LogGuard, log};
pub(crate) use page::{MetricsPage, routes};
pub use start::{Telemetry, telemetry};
