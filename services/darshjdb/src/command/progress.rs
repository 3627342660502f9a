use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use ddb_store::backup::Progress;

use super::count::count;
use super::size::size;
use crate::output;

const EVERY: Duration = Duration::from_millis(200);
/// Back to the beginning of the line, which is emptied.
const CLEAR: &str = "\r\x1b[K";

/// Long work, with a line on standard error that says how far it is where that is a terminal. The line has a thread of its own, because the work may block.
pub(super) async fn shown<T>(work: impl AsyncFnOnce(&Progress) -> T) -> T {
    let progress = Arc::new(Progress::default());
    if !std::io::stderr().is_terminal() {
        return work(&progress).await;
    }
    let (working, ended) = channel::<()>();
    let seen = Arc::clone(&progress);
    let line = std::thread::spawn(move || {
        while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            output::note(&format!("{CLEAR}{}", line(&seen)));
        }
        output::note(CLEAR);
    });
    let done = work(&progress).await;
    drop(working);
    // It only writes lines; a panic of it takes nothing away.
    let _ = line.join();
    done
}

fn line(progress: &Progress) -> String {
    let (step, rows, bytes) = progress.now();
    let rows = if rows > 0 { format!("{}, ", count(rows, "row")) } else { String::new() };
    format!("{step}: {rows}{}", size(i64::try_from(bytes).unwrap_or(i64::MAX)))
}
