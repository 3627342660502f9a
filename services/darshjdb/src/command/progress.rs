use std::io::{IsTerminal, Write};
use std::time::Duration;

use ddb_store::backup::Progress;

use super::size::size;

const EVERY: Duration = Duration::from_millis(200);
/// Back to the beginning of the line, which is emptied.
const CLEAR: &str = "\r\x1b[K";

/// Long work, with a line on standard error that says how far it is where that is a terminal.
pub(super) async fn shown<T>(work: impl AsyncFnOnce(&Progress) -> T) -> T {
    let progress = Progress::default();
    if !std::io::stderr().is_terminal() {
        return work(&progress).await;
    }
    let working = work(&progress);
    tokio::pin!(working);
    let mut tick = tokio::time::interval(EVERY);
    let done = loop {
        tokio::select! {
            done = &mut working => break done,
            _ = tick.tick() => {
                let (step, rows, bytes) = progress.now();
                eprint!("{CLEAR}{step}: {rows} rows, {}", size(i64::try_from(bytes).unwrap_or(i64::MAX)));
                let _ = std::io::stderr().flush();
            }
        }
    };
    eprint!("{CLEAR}");
    done
}
