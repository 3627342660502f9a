use std::pin::Pin;
use std::sync::Arc;

use ddb_core::Result;
use ddb_http::Routes;
use tokio_util::sync::CancellationToken;

/// A part of the process: its routes and its background work.
pub struct Service {
    pub name: &'static str,
    /// Merged with those of the other services.
    pub routes: Routes,
    pub tasks: Vec<Task>,
    /// Tells whether there is an admin; of the service that knows accounts. While there is none, the banner, the log and the front page say how to make one.
    pub has_admin: Option<HasAdmin>,
}

type Asked = Pin<Box<dyn Future<Output = Result<bool>> + Send>>;
pub type HasAdmin = Arc<dyn Fn() -> Asked + Send + Sync>;

type Run = Box<dyn FnOnce(CancellationToken) -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Send>;

/// Background work that the process owns: started after the services are built, told to stop by the token, and joined.
pub struct Task {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
}

impl Task {
    /// `run` ends soon after its token is cancelled. It handles passing errors itself. An error that it returns, or a panic, is logged and stops the
    /// process with a failure, so that a supervisor starts it again.
    pub fn new<F>(name: &'static str, run: impl FnOnce(CancellationToken) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        Self { name, run: Box::new(move |token| Box::pin(run(token))) }
    }
}
