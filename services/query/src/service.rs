use ddb_core::Result;
use ddb_runtime::{Service, Shared};

/// The routes of the records, and the background work that belongs to them.
pub async fn service(shared: &Shared) -> Result<Service> {
    let _ = shared;
    Ok(Service { name: "query", router: axum::Router::new(), tasks: Vec::new() })
}
