use clap::ArgMatches;
use ddb_core::{Error, ErrorCode, NamespaceId, NamespaceName, Result};
use ddb_runtime::{Attachment, Config, Definitions, Settings, carry_out, log};
use ddb_store::NamespaceInfo;

/// Runs a command on the database that the settings name: the one of a running server, or one that is started for it.
pub(super) fn with_database<T>(
    definitions: &Definitions,
    flags: &ArgMatches,
    command: impl AsyncFnOnce(&Config, &Attachment) -> Result<T>,
) -> Result<T> {
    let config = Config::read(&Settings::of_process(definitions, flags)?)?;
    let _log = log(&config)?;
    carry_out(async {
        let attachment = Attachment::open(&config).await?;
        let result = command(&config, &attachment).await;
        let closed = attachment.close().await;
        result.and_then(|value| closed.map(|()| value))
    })
}

/// The namespace that a command names.
pub(super) async fn namespace(attachment: &Attachment, name: &NamespaceName) -> Result<NamespaceId> {
    let found = attachment.database.store().namespace(name).await?;
    found.ok_or_else(|| Error::new(ErrorCode::NamespaceNotFound, format!("there is no namespace `{name}`")))
}

/// That namespace, or all where it names none.
pub(super) async fn namespaces(attachment: &Attachment, name: Option<&NamespaceName>) -> Result<Vec<NamespaceInfo>> {
    let all = attachment.database.store().namespaces().await?;
    let Some(name) = name else { return Ok(all) };
    match all.into_iter().find(|namespace| namespace.name == *name) {
        Some(found) => Ok(vec![found]),
        None => Err(Error::new(ErrorCode::NamespaceNotFound, format!("there is no namespace `{name}`"))),
    }
}
