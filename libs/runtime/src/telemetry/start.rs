use std::io::Write;
use std::time::Duration;

use ddb_core::{Error, Result};
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::Registry;
use tokio::runtime::Handle;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry as Spans};

use super::log::{LogGuard, TRACE_TARGET, catch_panics, form, layer};
use super::log_writer::LogWriter;
use super::otlp::Otlp;
use super::{otlp, process};
use crate::config::{Config, LogFormat};

/// Variables of OpenTelemetry's SDKs that say something which is not done here, with the value that is; they are refused rather than ignored.
const NOT_OBEYED: [(&str, &str); 6] = [
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
    ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
    ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ""),
    ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", ""),
    ("OTEL_SDK_DISABLED", "false"),
];
/// A service's name that the operator chose instead of the program's.
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
/// How long sending what is left may take at the end.
const LAST: Duration = Duration::from_secs(5);

/// The log, the metrics and the traces of a process that serves.
#[must_use]
pub struct Telemetry {
    /// What `GET /metrics` shows.
    pub(crate) registry: Registry,
    metrics: SdkMeterProvider,
    traces: Option<SdkTracerProvider>,
    /// Whether the log is in the form for people, who are greeted.
    pub(crate) is_for_people: bool,
    /// Last, so that what the others say at their end is written too.
    log: LogGuard,
}

impl Telemetry {
    /// Text for people among the lines of the log.
    pub(crate) fn print(&self, text: &str) {
        // A log that cannot be written is told nowhere.
        let _ = self.log.0.clone().write_all(text.as_bytes());
    }

    /// Sends what was measured last. A collector that does not take it in time does not get it.
    pub(crate) async fn finish(&self) {
        let (metrics, traces) = (self.metrics.clone(), self.traces.clone());
        let metrics = tokio::task::spawn_blocking(move || metrics.shutdown_with_timeout(LAST));
        let traces = tokio::task::spawn_blocking(move || traces.map(|traces| traces.shutdown_with_timeout(LAST)));
        // Failures were told to the log when the first request failed.
        let _ = tokio::time::timeout(LAST, async { tokio::join!(metrics, traces) }).await;
    }
}

/// Starts the log as [`log`](super::log()) does, measures from now on and, where the settings name a collector, sends it metrics and traces under the
/// program's name.
pub fn telemetry(config: &Config, program: &'static str, executor: &Handle) -> Result<Telemetry> {
    let collector = config.otlp_endpoint.as_ref().map(|url| collector(url.expose())).transpose()?;
    let writer = LogWriter::start().map_err(Error::internal)?;
    let mut resource = Resource::builder()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        // Of several processes of one name each has series of its own.
        .with_attribute(KeyValue::new("service.instance.id", format!("{:032x}", rand::random::<u128>())));
    if std::env::var_os(SERVICE_NAME).is_none_or(|name| name.is_empty()) {
        resource = resource.with_service_name(program);
    }
    let resource = resource.build();
    let registry = Registry::new();
    let page = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .scope_info_enabled(false)
        .build()
        .map_err(Error::internal)?;
    let mut metrics = SdkMeterProvider::builder().with_resource(resource.clone()).with_reader(page);
    let mut traces = None;
    if let Some(collector) = &collector {
        metrics = metrics.with_periodic_exporter(otlp::metrics(collector, executor)?);
        let exporter = otlp::spans(collector, executor)?;
        traces = Some(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build());
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    }
    let metrics = metrics.build();
    opentelemetry::global::set_meter_provider(metrics.clone());
    process::observe(executor);

    let of_traces = traces.as_ref().map(|traces| {
        // Ours alone: those of the drivers hold statements and headers, those of the log are for the log.
        let ours = filter_fn(|metadata| metadata.target() == TRACE_TARGET);
        tracing_opentelemetry::layer()
            .with_tracer(traces.tracer("ddb"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(ours.with_max_level_hint(LevelFilter::INFO))
    });
    let spans = Spans::default().with(of_traces);
    spans.with(layer(config, writer.clone())?).try_init().map_err(Error::internal)?;
    catch_panics();
    Ok(Telemetry { registry, metrics, traces, is_for_people: form(config) == LogFormat::Pretty, log: LogGuard(writer) })
}

fn collector(url: &str) -> Result<Otlp> {
    for (variable, obeyed) in NOT_OBEYED {
        let Some(value) = std::env::var(variable).ok().filter(|value| !value.is_empty()) else { continue };
        if value != obeyed {
            let instead =
                if obeyed.is_empty() { "DDB_OTLP_ENDPOINT is for both".to_owned() } else { format!("only `{obeyed}` is") };
            return Err(Error::bad_request(format!(
                "this version does not know the value of the variable {variable}; {instead}"
            )));
        }
    }
    Otlp::at(url).map_err(|error| Error::bad_request(format!("`otlp_endpoint` {}", error.message())))
}
