//! Which services run in this process: the one place with their features.

use ddb_core::Result;
use ddb_runtime::{Service, Shared};

/// Builds the services of this program.
pub(crate) async fn services(auth: ddb_auth::Config, shared: &Shared) -> Result<Vec<Service>> {
    let mut services = Vec::new();
    #[cfg(feature = "auth")]
    services.push(ddb_auth::service(auth, shared).await?);
    #[cfg(not(feature = "auth"))]
    drop(auth);
    #[cfg(feature = "query")]
    services.push(ddb_query::service(shared).await?);
    Ok(services)
}
