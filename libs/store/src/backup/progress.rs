use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far a backup or a restore is, for whoever waits for it.
#[derive(Debug, Default)]
pub struct Progress {
    step: Mutex<String>,
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl Progress {
    /// What is being done, the rows that it is done with, and their bytes.
    pub fn now(&self) -> (String, u64, u64) {
        let step = self.step.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        (step, self.rows.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    /// The next step begins.
    pub fn begin(&self, step: impl Into<String>) {
        *self.step.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = step.into();
        self.rows.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
    }

    /// So many rows and bytes of the step are done.
    pub fn add(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}
