use clap::ArgMatches;
use ddb_core::Result;
use ddb_runtime::{Definitions, Service, Shared, serve};

use crate::compose;

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches) -> Result<()> {
    serve("ddb", definitions, flags, ddb_auth::Config::read, services)
}

async fn services(auth: ddb_auth::Config, shared: &Shared) -> Result<Vec<Service>> {
    let services = compose::services(auth, shared).await?;
    if !ddb_auth::admin::exists(&shared.database).await? {
        tracing::warn!("there is no admin yet; make one with: ddb admin create --email you@example.com");
    }
    Ok(services)
}
