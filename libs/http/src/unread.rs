use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use crate::patience::Patience;

tokio::task_local! {
    /// Of the stream whose task this is.
    pub(crate) static UNREAD: Arc<Unread>;
}

/// What the client of a stream of HTTP/2 has yet to take. Its connection's socket tells nothing of that: a client can read on and open no window.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    /// A part of the answer waits for the client's window.
    waits: AtomicBool,
    /// Bytes since the last look.
    taken: AtomicUsize,
}

impl Unread {
    /// So many bytes, which the client has to take.
    pub(crate) fn offer(&self) {
        self.waits.store(true, Ordering::Relaxed);
    }

    /// What was offered before was taken.
    pub(crate) fn took(&self, bytes: usize) {
        self.waits.store(false, Ordering::Relaxed);
        self.taken.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Watches a stream that waits.
pub(crate) struct Watch {
    unread: Arc<Unread>,
    patience: Patience,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Watch {
    pub(crate) fn new(unread: Arc<Unread>, patience: Duration) -> Self {
        Self { unread, patience: Patience::new(patience), waiting: None }
    }

    /// Ready once the client has taken nothing for too long; to be asked after the stream was.
    pub(crate) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let taken = self.unread.taken.swap(0, Ordering::Relaxed);
        if taken > 0 {
            let waited = self.waiting.take().map_or(Duration::ZERO, |(since, _)| since.elapsed());
            self.patience.read(taken, waited);
        }
        if !self.unread.waits.load(Ordering::Relaxed) {
            self.waiting = None;
            return Poll::Pending;
        }
        let left = self.patience.left();
        let (_, end) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
        end.as_mut().poll(cx)
    }
}
