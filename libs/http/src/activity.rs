use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, interval_at};

use crate::sockets::{InUse, User};

/// What is asked on a connection.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// Requests whose answers are not handed over yet.
    open: AtomicUsize,
    /// Requests since the connection was made.
    begun: AtomicUsize,
    /// Whether there was one since the last look.
    used: AtomicBool,
}

/// A request, until it is dropped.
pub(crate) struct OpenRequest {
    activity: Arc<Activity>,
    _in_use: InUse,
}

impl Activity {
    pub(crate) fn begin(self: &Arc<Self>, user: &User) -> OpenRequest {
        self.used.store(true, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        OpenRequest { activity: self.clone(), _in_use: user.begin() }
    }

    pub(crate) fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed) > 0
    }

    /// Waits until no request was open for a whole interval.
    pub(crate) async fn ceases(&self, idle: Duration) {
        let mut looks = interval_at(Instant::now() + idle, idle);
        loop {
            looks.tick().await;
            if !self.used.swap(false, Ordering::Relaxed) && !self.is_open() {
                return;
            }
        }
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.activity.used.store(true, Ordering::Relaxed);
        self.activity.open.fetch_sub(1, Ordering::Relaxed);
    }
}
