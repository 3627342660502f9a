use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use ddb_core::{Error, ErrorCode, Result};
use ddb_database::Authenticator;
use ddb_http::{ApiResult, Query, Routes, bearer, refusal, routes};
use prometheus::{Registry, TextEncoder};

use super::figures::Figures;
use crate::config::Credentials;

/// The text form of Prometheus.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`. Cheap to clone.
#[derive(Clone)]
pub(crate) struct MetricsPage {
    pub(crate) registry: Registry,
    pub(crate) figures: Figures,
    /// Who shows it may read the metrics; None: root alone.
    pub(crate) token: Option<Credentials>,
    pub(crate) authenticator: Authenticator,
}

pub(crate) fn routes(page: MetricsPage) -> Routes {
    Routes::new().with(routes!(metrics)).with_state(page)
}

/// Shows the metrics of the process for Prometheus
///
/// The token is the one of the setting `metrics_token`, or an access token of root. `libs/runtime/README.md` says what each metric means.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "getMetrics",
    tag = "probes",
    responses(
        (
            status = OK,
            description = "The metrics in the text form of Prometheus",
            content_type = "text/plain; version=0.0.4; charset=utf-8",
            body = String,
            example = json!("# HELP ddb_transactor_queue_length Writes that wait…"),
        ),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
async fn metrics(State(page): State<MetricsPage>, headers: HeaderMap, Query(()): Query<()>) -> ApiResult<Response> {
    page.check(&headers).await?;
    page.figures.refresh().await;
    // The callbacks read files of the system.
    let text = tokio::task::spawn_blocking(move || TextEncoder::new().encode_to_string(&page.registry.gather()));
    let text = text.await.map_err(Error::internal)?.map_err(Error::internal)?;
    Ok(([(CONTENT_TYPE, TEXT), (CACHE_CONTROL, "private, no-store")], text).into_response())
}

impl MetricsPage {
    /// How much a server is used, and by which version, is nobody's business but its owner's.
    async fn check(&self, headers: &HeaderMap) -> Result<()> {
        let wrong =
            || Error::unauthenticated("the metrics need the token of the setting `metrics_token`, or an access token of root");
        let Some(token) = bearer(headers)? else { return Err(wrong()) };
        if self.token.as_ref().is_some_and(|expected| expected.equals(token)) {
            return Ok(());
        }
        match self.authenticator.authenticate(token).await {
            Ok(principal) if principal.is_root() => return Ok(()),
            Ok(_) => {}
            Err(error) if error.code() == ErrorCode::Unauthenticated => return Err(wrong()),
            Err(error) => return Err(error),
        }
        Err(Error::new(ErrorCode::PermissionDenied, "only root may read the metrics of a server"))
    }
}
