use std::time::Duration;

use ddb_core::{Error, Result};
use ddb_http::{App, ConnectionTimes, Listeners, Tls};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::banner::{self, banner};
use crate::config::Config;
use crate::front_page::FrontPage;
use crate::ground::Ground;
use crate::log_of_store::LogOfStore;
use crate::probes;
use crate::service::{Service, Task};
use crate::shared::Shared;
use crate::signal::Signals;
use crate::telemetry::{Figures, MetricsPage, Telemetry, routes as metrics_routes};
use crate::traffic;
use crate::whereabouts::Whereabouts;

/// How long tasks may take to end after the last request.
const TASKS: Duration = Duration::from_secs(10);

/// The life of a process that serves: opens the ground, builds the services, serves until a signal or until a task fails, finishes what is open, and closes.
pub(crate) async fn run(
    config: &Config,
    telemetry: &Telemetry,
    services: impl AsyncFnOnce(&Shared) -> Result<Vec<Service>>,
) -> Result<()> {
    let stop = CancellationToken::new();
    let signals = Signals::listen()?;
    let result = tokio::select! {
        biased;
        result = live(config, telemetry, services, stop.clone()) => result,
        () = signals.obey(stop) => Ok(()),
    };
    // One whose start was cut off is dropped, and ends by itself.
    ddb_postgres::ended().await;
    if result.is_ok() {
        tracing::info!("stopped");
    }
    result
}

async fn live(
    config: &Config,
    telemetry: &Telemetry,
    services: impl AsyncFnOnce(&Shared) -> Result<Vec<Service>>,
    stop: CancellationToken,
) -> Result<()> {
    let tls = config.tls.clone().map(Tls::load).transpose()?;
    // Bound first: a taken port is told before anything is started, and clients that come early wait instead of being refused.
    let listeners = Listeners::bind(&config.bind).await.map_err(|error| {
        Error::bad_request(format!("cannot listen on {}: {error}; choose another address with --bind", config.bind))
    })?;
    let ground = tokio::select! {
        ground = Ground::start(config) => ground?,
        () = stop.cancelled() => return Ok(()),
    };
    let served = match services(&ground.shared).await {
        Ok(services) => serve(services, listeners, tls, (config, telemetry), &ground.shared, stop).await,
        Err(error) => Err(error),
    };
    let closed = ground.close().await;
    telemetry.finish().await;
    served.and(closed)
}

async fn serve(
    services: Vec<Service>,
    listeners: Listeners,
    tls: Option<Tls>,
    (config, telemetry): (&Config, &Telemetry),
    shared: &Shared,
    stop: CancellationToken,
) -> Result<()> {
    let disk = config.database_url.is_none().then(|| config.data_dir.clone()).flatten();
    let figures = Figures::new(shared.database.store().clone(), disk);
    let page = MetricsPage {
        registry: telemetry.registry.clone(),
        figures: figures.clone(),
        token: config.metrics_token.clone(),
        authenticator: shared.authenticator.clone(),
    };
    let mut routes = ddb_http::Routes::new();
    let mut tasks = Tasks::new();
    if config.otlp_endpoint.is_some() {
        tasks.start(figures.keep_fresh());
    }
    let mut names = Vec::new();
    let mut has_admin = None;
    let authenticator = shared.authenticator.clone();
    tasks.start(Task::new("revocations", |stop| authenticator.listen(stop)));
    tasks.start(traffic::follow_changes(shared.database.store().clone(), shared.limiter.clone()));
    for service in services {
        routes = routes.merge(service.routes);
        service.tasks.into_iter().for_each(|task| tasks.start(task));
        names.push(service.name);
        has_admin = has_admin.or(service.has_admin);
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    let whereabouts = Whereabouts::of(config);
    let hint = match &has_admin {
        Some(has_admin) if !has_admin().await? => Some(format!("There is no admin yet. Make one: {}", whereabouts.make_admin())),
        Some(_) | None => None,
    };
    let front_page = FrontPage::new(shared.database.clone(), has_admin, whereabouts, scheme);
    routes = routes.merge(front_page.routes()).merge(probes::routes(shared.database.clone())).merge(metrics_routes(page));
    let addresses: Vec<String> = listeners.addresses().iter().map(ToString::to_string).collect();
    let url = banner::url(scheme, &config.bind, listeners.addresses().first());
    if !telemetry.is_for_people {
        hint.iter().for_each(|hint| tracing::warn!("{hint}"));
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), services = names.join(","), address = addresses.join(","), url, "ready");
    if telemetry.is_for_people {
        telemetry.print(&banner(config, &url, hint.as_deref()));
    }

    let store = shared.database.store().clone();
    let mut app = App::new(routes, shared.memory_limit, LogOfStore(store))
        .limited(shared.limiter.clone(), shared.authenticator.clone())
        .behind(config.traffic.proxies.clone())
        .with_cors(config.cors_origins.clone());
    if tls.is_some() {
        app = app.with_strict_transport(config.hsts_max_age);
    }
    let serving = ddb_http::serve(listeners, app, tls, config.traffic.sockets, ConnectionTimes::DEFAULT, stop.clone());
    tokio::pin!(serving);
    let mut result = Ok(());
    loop {
        tokio::select! {
            () = &mut serving => break,
            error = tasks.failed() => {
                tracing::error!("{}; the process stops", error.told());
                result = Err(error);
                stop.cancel();
            }
        }
    }
    // After the last request, because requests may wait for them.
    tasks.stop().await;
    result
}

struct Tasks {
    running: JoinSet<(&'static str, Result<()>)>,
    token: CancellationToken,
}

impl Tasks {
    fn new() -> Self {
        Self { running: JoinSet::new(), token: CancellationToken::new() }
    }

    fn start(&mut self, task: Task) {
        let running = (task.run)(self.token.clone());
        self.running.spawn(async move { (task.name, running.await) });
    }

    /// Waits until a task fails, for ever if none does.
    async fn failed(&mut self) -> Error {
        loop {
            match self.running.join_next().await {
                None => std::future::pending::<()>().await,
                Some(Ok((_, Ok(())))) => {}
                Some(Ok((name, Err(error)))) => return Error::internal(format!("the task {name} failed: {}", error.told())),
                Some(Err(error)) => return Error::internal(error),
            }
        }
    }

    async fn stop(mut self) {
        self.token.cancel();
        let ended = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(TASKS, ended).await.is_err() {
            tracing::warn!(left = self.running.len(), "some tasks did not end in time; ddb cancelled them");
            self.running.shutdown().await;
        }
    }
}
