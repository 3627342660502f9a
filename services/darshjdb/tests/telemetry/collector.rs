use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::watch;

const PATIENCE: Duration = Duration::from_secs(20);

/// Takes OTLP over HTTP and keeps it.
pub(crate) struct Collector {
    address: SocketAddr,
    received: Arc<Mutex<Vec<(String, Bytes)>>>,
    mood: watch::Sender<Mood>,
}

/// How it answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Takes,
    Refuses,
    /// Takes what comes and never says so.
    IsSilent,
}

impl Collector {
    pub(crate) async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let received: Arc<Mutex<Vec<(String, Bytes)>>> = Arc::default();
        let kept = received.clone();
        let (mood, moods) = watch::channel(mood);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, moods) = (kept.clone(), moods.clone());
                let answer = service_fn(move |request: Request<Incoming>| {
                    let (kept, mood) = (kept.clone(), *moods.borrow());
                    async move {
                        let path = request.uri().path().to_owned();
                        assert_eq!(request.headers()["content-type"], "application/x-protobuf");
                        let body = request.into_body().collect().await.expect("a whole body").to_bytes();
                        match mood {
                            Mood::Takes => kept.lock().expect("no panic").push((path, body)),
                            Mood::Refuses => {}
                            Mood::IsSilent => std::future::pending().await,
                        }
                        let status = if mood == Mood::Takes { 200 } else { 503 };
                        let answer = Response::builder().status(status).body(Full::new(Bytes::new()));
                        Ok::<_, Infallible>(answer.expect("a status is one"))
                    }
                });
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
            }
        });
        Self { address, received, mood }
    }

    pub(crate) fn answers(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All bytes that came, of all kinds.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.received.lock().expect("no panic").iter().flat_map(|(_, body)| body.to_vec()).collect()
    }

    fn bodies(&self, path: &str) -> Vec<Bytes> {
        let received = self.received.lock().expect("no panic");
        received.iter().filter(|(of, _)| of == path).map(|(_, body)| body.clone()).collect()
    }

    /// The spans so far, with the name of the service that they are of.
    pub(crate) fn spans(&self) -> Vec<(String, Span)> {
        let requests = self.bodies("/v1/traces").into_iter().map(|body| ExportTraceServiceRequest::decode(body).expect("OTLP"));
        let of_resources = requests.flat_map(|request| request.resource_spans);
        of_resources
            .flat_map(|of_resource| {
                let resource = of_resource.resource.unwrap_or_default();
                let service = text(&resource.attributes, "service.name");
                let spans = of_resource.scope_spans.into_iter().flat_map(|of_scope| of_scope.spans);
                spans.map(move |span| (service.clone(), span)).collect::<Vec<_>>()
            })
            .collect()
    }

    /// The names of the metrics so far.
    pub(crate) fn metrics(&self) -> Vec<String> {
        let requests =
            self.bodies("/v1/metrics").into_iter().map(|body| ExportMetricsServiceRequest::decode(body).expect("OTLP"));
        let of_scopes = requests.flat_map(|request| request.resource_metrics).flat_map(|of_resource| of_resource.scope_metrics);
        of_scopes.flat_map(|of_scope| of_scope.metrics).map(|metric| metric.name).collect()
    }

    /// Waits until `find` finds something in what has come.
    #[track_caller]
    pub(crate) fn wait_for<T>(&self, what: &str, find: impl Fn(&Self) -> Option<T>) -> impl Future<Output = T> {
        let place = std::panic::Location::caller();
        async move {
            let end = Instant::now() + PATIENCE;
            loop {
                if let Some(found) = find(self) {
                    return found;
                }
                let names: Vec<String> = self.spans().into_iter().map(|(_, span)| span.name).collect();
                assert!(Instant::now() < end, "{place}: {what} did not come; there are {names:?}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// An attribute as text; empty where there is none.
pub(crate) fn text(attributes: &[KeyValue], name: &str) -> String {
    let value = attributes.iter().find(|attribute| attribute.key == name).and_then(|attribute| attribute.value.clone());
    match value.and_then(|AnyValue { value }| value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}
