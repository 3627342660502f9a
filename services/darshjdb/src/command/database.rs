use clap::ArgMatches;
use ddb_core::Result;
use ddb_runtime::{Config, Definitions, Ground, Settings, Shared, executor, telemetry};

/// Runs a command on the database that the settings name: the one of a running server, or one that is started for it.
pub(super) fn with_database<T>(
    definitions: &Definitions,
    flags: &ArgMatches,
    command: impl AsyncFnOnce(&Config, &Shared) -> Result<T>,
) -> Result<T> {
    let config = Config::read(&Settings::of_process(definitions, flags)?)?;
    let _log = telemetry(&config)?;
    executor()?.block_on(async {
        let ground = Ground::attach(&config).await?;
        let result = command(&config, &ground.shared).await;
        let closed = ground.close().await;
        result.and_then(|value| closed.map(|()| value))
    })
}
