use std::sync::Arc;
use std::time::Instant;

use axum::extract::MatchedPath;
use axum::http::{Method, StatusCode};
use opentelemetry::metrics::{Counter, Histogram, UpDownCounter};
use opentelemetry::{KeyValue, StringValue};

use crate::limit::Class;

/// Answers take from a tenth of a millisecond to many seconds.
const SECONDS: [f64; 15] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// What nginx calls a request whose client went away before it was answered.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// What is measured of requests, by the names that OpenTelemetry has for them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics(Arc<Instruments>);

struct Instruments {
    duration: Histogram<f64>,
    active: UpDownCounter<i64>,
    limited: Counter<u64>,
    connections: UpDownCounter<i64>,
    turned_away: Counter<u64>,
}

/// A request that is being answered; when it is dropped it is no more.
pub(crate) struct Measured {
    metrics: Metrics,
    method: &'static str,
    started: Instant,
    is_answered: bool,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = opentelemetry::global::meter("ddb");
        let metrics = Self(Arc::new(Instruments {
            duration: meter
                .f64_histogram("http.server.request.duration")
                .with_unit("s")
                .with_description("From a request's headers until its answer begins to be sent, by method, route (empty where the request did not get to one) and status; 499: its client went away before")
                .with_boundaries(SECONDS.to_vec())
                .build(),
            active: meter
                .i64_up_down_counter("http.server.active_requests")
                .with_unit("{request}")
                .with_description("Requests that are being answered")
                .build(),
            limited: meter
                .u64_counter("ddb.http.rate_limited")
                .with_unit("{request}")
                .with_description("Requests that were refused because their caller asks too often, by class")
                .build(),
            connections: meter
                .i64_up_down_counter("ddb.http.connections")
                .with_unit("{connection}")
                .with_description("Open connections of clients")
                .build(),
            turned_away: meter
                .u64_counter("ddb.http.connections.refused")
                .with_unit("{connection}")
                .with_description("Connections that were refused because too many are open")
                .build(),
        }));
        // What has not happened yet is 0, not unknown.
        metrics.0.turned_away.add(0, &[]);
        for class in [Class::Read, Class::Write, Class::Auth, Class::Other] {
            metrics.count_limited(class, 0);
        }
        metrics
    }

    pub(crate) fn begin(&self, method: &Method) -> Measured {
        self.0.active.add(1, &[]);
        Measured { metrics: self.clone(), method: known(method), started: Instant::now(), is_answered: false }
    }

    pub(crate) fn connected(&self) -> Connected {
        self.0.connections.add(1, &[]);
        Connected(self.clone())
    }

    pub(crate) fn turned_away(&self) {
        self.0.turned_away.add(1, &[]);
    }

    pub(crate) fn limited(&self, class: Class) {
        self.count_limited(class, 1);
    }

    fn count_limited(&self, class: Class, requests: u64) {
        self.0.limited.add(requests, &[KeyValue::new("class", class.name())]);
    }
}

/// An open connection; when it is dropped it is closed.
pub(crate) struct Connected(Metrics);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.0.connections.add(-1, &[]);
    }
}

impl Measured {
    /// `route` is the template of the path; None where no route has it.
    pub(crate) fn answered(mut self, route: Option<MatchedPath>, status: StatusCode) {
        self.is_answered = true;
        self.record(route, status.as_u16());
    }

    fn record(&self, route: Option<MatchedPath>, status: u16) {
        let route = route.map_or(StringValue::from(""), |route| StringValue::from(Arc::<str>::from(route.as_str())));
        let attributes = [
            KeyValue::new("http.request.method", self.method),
            KeyValue::new("http.route", route),
            KeyValue::new("http.response.status_code", i64::from(status)),
        ];
        self.metrics.0.duration.record(self.started.elapsed().as_secs_f64(), &attributes);
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        self.metrics.0.active.add(-1, &[]);
        if !self.is_answered {
            self.record(None, CLIENT_CLOSED_REQUEST);
        }
    }
}

/// Anybody can make up a method; what is counted by them must have few.
pub(crate) fn known(method: &Method) -> &'static str {
    const KNOWN: [Method; 7] =
        [Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE, Method::OPTIONS, Method::HEAD];
    const NAMES: [&str; 7] = ["GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "HEAD"];
    KNOWN.iter().position(|known| known == method).map_or("_OTHER", |position| NAMES[position])
}
