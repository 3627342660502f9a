use ddb_core::{Error, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What a shell reports for a program that an interrupt ended.
const INTERRUPTED: i32 = 130;

/// SIGTERM and SIGINT, heard from here on.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(crate) fn listen() -> Result<Self> {
        let hear = |kind| signal(kind).map_err(Error::internal);
        Ok(Self { terminate: hear(SignalKind::terminate())?, interrupt: hear(SignalKind::interrupt())? })
    }

    /// Cancels `stop` at the first signal; at the second the process is gone at once. Never ends by itself.
    pub(crate) async fn obey(mut self, stop: CancellationToken) {
        self.next().await;
        tracing::info!("stopping; a second signal ends the process at once");
        stop.cancel();
        self.next().await;
        #[expect(clippy::disallowed_methods, reason = "whoever sends the second signal does not want to wait for anything")]
        std::process::exit(INTERRUPTED);
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
