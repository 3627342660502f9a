use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::task::JoinHandle;

/// How many lines are kept to tell why a start failed.
const KEPT_LINES: usize = 20;
/// How long the rest of the messages is waited for once the server has ended.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(500);

/// Reads what the server says, into the log of `ddb`.
#[derive(Debug)]
pub(crate) struct LogReader {
    task: JoinHandle<()>,
    recent: Arc<Mutex<VecDeque<String>>>,
}

impl LogReader {
    pub(crate) fn start(output: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let recent = Arc::new(Mutex::new(VecDeque::with_capacity(KEPT_LINES)));
        let task = tokio::spawn(read(output, Arc::clone(&recent)));
        Self { task, recent }
    }

    /// The last lines, once the server has ended.
    pub(crate) async fn finish(mut self) -> String {
        if tokio::time::timeout(DRAIN_TIMEOUT, &mut self.task).await.is_err() {
            // A process of the server outlives it and still holds the pipe.
            self.task.abort();
        }
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

async fn read(output: impl AsyncRead + Unpin, recent: Arc<Mutex<VecDeque<String>>>) {
    let mut lines = BufReader::new(output).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let line = String::from_utf8_lossy(&line).into_owned();
        forward(&line);
        let mut recent = recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == KEPT_LINES {
            recent.pop_front();
        }
        recent.push_back(line);
    }
}

/// Told to every client that comes while the server starts, recovers or stops, and each of them logs it itself; and that a client has closed its
/// connection in the middle of a statement, as `ddb` does with one that nobody waits for.
const EXPECTED: [&str; 4] = [
    "FATAL:  the database system is ",
    "FATAL:  terminating connection due to ",
    "FATAL:  sorry, too many clients",
    "FATAL:  connection to client lost",
];

fn forward(line: &str) {
    if line.contains("PANIC:  ") {
        tracing::error!(target: "postgres", "{line}");
    } else if EXPECTED.iter().any(|text| line.contains(text)) {
        tracing::debug!(target: "postgres", "{line}");
    } else if line.contains("FATAL:  ") || line.contains("WARNING:  ") || line.contains(" was terminated by signal ") {
        tracing::warn!(target: "postgres", "{line}");
    } else {
        tracing::debug!(target: "postgres", "{line}");
    }
}
