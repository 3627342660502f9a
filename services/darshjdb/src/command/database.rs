use clap::ArgMatches;
use ddb_core::Result;
use ddb_runtime::{Attachment, Config, Definitions, Settings, executor, telemetry};

/// Runs a command on the database that the settings name: the one of a running server, or one that is started for it.
pub(super) fn with_database<T>(
    definitions: &Definitions,
    flags: &ArgMatches,
    command: impl AsyncFnOnce(&Config, &Attachment) -> Result<T>,
) -> Result<T> {
    let config = Config::read(&Settings::of_process(definitions, flags)?)?;
    let _log = telemetry(&config)?;
    executor()?.block_on(async {
        let attachment = Attachment::open(&config).await?;
        let result = command(&config, &attachment).await;
        let closed = attachment.close().await;
        result.and_then(|value| closed.map(|()| value))
    })
}
