use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use ddb_core::{Error, Result};
use ddb_http::Upstream;
use http_body_util::Full;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{MetricExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::metrics::Temporality;
use tokio::runtime::Handle;

/// How long the collector may take for one request.
const LIMIT: Duration = Duration::from_secs(10);

/// Where metrics and traces go: an OpenTelemetry collector that takes OTLP over HTTP.
#[derive(Clone)]
pub(super) struct Otlp(Arc<Upstream>);

impl Otlp {
    /// The base of its URLs, to which `/v1/traces` and `/v1/metrics` are added.
    pub(super) fn at(url: &str) -> Result<Self> {
        if url.trim_end_matches('/').ends_with("/v1/traces") || url.trim_end_matches('/').ends_with("/v1/metrics") {
            return Err(Error::bad_request(
                "must be the base of the collector's URLs, to which `/v1/traces` and `/v1/metrics` are added",
            ));
        }
        Upstream::at(url).map(|collector| Self(Arc::new(collector)))
    }
}

impl Debug for Otlp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the exporters send through: they have threads of their own, the connections belong to the executor.
#[derive(Debug)]
struct Client {
    collector: Otlp,
    executor: Handle,
    /// Whether the last request failed: told once, not every few seconds.
    is_away: AtomicBool,
}

impl Client {
    fn new(collector: &Otlp, executor: &Handle) -> Self {
        Self { collector: collector.clone(), executor: executor.clone(), is_away: AtomicBool::new(false) }
    }

    fn tell(&self, outcome: &Result<Response<Bytes>>) {
        let failure = match outcome {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answers with status {}", answer.status().as_u16())),
            Err(error) => Some(error.message().to_owned()),
        };
        match (&failure, self.is_away.swap(failure.is_some(), Ordering::Relaxed)) {
            (Some(failure), false) => {
                tracing::warn!(collector = ?self.collector, "the OpenTelemetry collector does not accept data: {failure}");
            }
            (None, true) => {
                tracing::info!(collector = ?self.collector, "the OpenTelemetry collector accepts data again")
            }
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let Otlp(collector) = self.collector.clone();
        let request = request.map(Full::new);
        let outcome = self.executor.spawn(async move { collector.send(request, LIMIT).await }).await?;
        self.tell(&outcome);
        Ok(outcome?)
    }
}

pub(super) fn spans(collector: &Otlp, executor: &Handle) -> Result<SpanExporter> {
    SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new(collector, executor))
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint("http://collector/v1/traces")
        .build()
        .map_err(Error::internal)
}

pub(super) fn metrics(collector: &Otlp, executor: &Handle) -> Result<MetricExporter> {
    MetricExporter::builder()
        .with_http()
        .with_http_client(Client::new(collector, executor))
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint("http://collector/v1/metrics")
        .with_temporality(Temporality::Cumulative)
        .build()
        .map_err(Error::internal)
}
