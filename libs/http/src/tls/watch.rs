use std::sync::Arc;
use std::time::Duration;

use ddb_core::Result;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::rustls::ServerConfig;

use super::certificate::{FileState, TlsFiles};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The certificate that new connections are shown. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Tls {
    files: TlsFiles,
    /// What the files were when they were read.
    loaded: Option<[FileState; 2]>,
    current: Arc<watch::Sender<Arc<ServerConfig>>>,
    /// Who may compute a signature now.
    pub(super) turns: Arc<Semaphore>,
}

impl Tls {
    pub fn load(files: TlsFiles) -> Result<Self> {
        // Before they are read: a change meanwhile is seen as one.
        let loaded = files.state();
        let current = Arc::new(watch::Sender::new(files.load()?));
        let turns = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self { files, loaded, current, turns: Arc::new(Semaphore::new(turns)) })
    }

    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.current.borrow().clone()
    }

    /// Looks for changes of the files, for ever. New connections get the new certificate; where the new files are wrong, they go on with the one before.
    pub(crate) async fn follow(&self) {
        let mut loaded = self.loaded;
        let mut before = loaded;
        let mut looks = tokio::time::interval(LOOK);
        loop {
            looks.tick().await;
            let files = self.files.clone();
            let Ok(now) = tokio::task::spawn_blocking(move || files.state()).await else { return };
            // Certificate and key are replaced one after the other, so they are read once nothing has changed between two looks.
            let is_settled = now.is_some() && now == before;
            before = now;
            if is_settled && now != loaded {
                loaded = now;
                self.replace().await;
            }
        }
    }

    async fn replace(&self) {
        let files = self.files.clone();
        match tokio::task::spawn_blocking(move || files.load()).await {
            Ok(Ok(config)) => {
                self.current.send_replace(config);
                tracing::info!(path = %self.files.certificate.display(), "new connections get the new certificate");
            }
            Ok(Err(error)) => tracing::error!("{}; the certificate before stays in use", error.message()),
            Err(error) => tracing::error!(%error, "reading the certificate failed; the one before stays in use"),
        }
    }
}
