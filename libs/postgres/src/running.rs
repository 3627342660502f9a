//! The servers that this process has started and that still run, for a process that has to end.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::Signal;

use crate::process::Process;

static RUNNING: Mutex<Vec<Process>> = Mutex::new(Vec::new());
const POLL: Duration = Duration::from_millis(20);

pub(crate) fn add(pid: u32) {
    let mut running = running();
    running.retain(Process::is_alive);
    running.extend(Process::open(pid));
}

fn running() -> MutexGuard<'static, Vec<Process>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells every server of this process to stop, for a process that ends at once and does not wait for them. They end by themselves, in order.
pub fn abandon() {
    running().iter().for_each(|server| server.signal(Signal::INT));
}

/// Waits until no server of this process runs any more: those whose [`crate::Server`] was dropped end by themselves.
pub async fn ended() {
    while running().iter().any(Process::is_alive) {
        tokio::time::sleep(POLL).await;
    }
}
