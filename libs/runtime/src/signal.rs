use std::time::{Duration, Instant};

use ddb_core::{Error, Result};
use futures::future::select_all;
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Those that would end the process on the spot, and leave its PostgreSQL behind. Not among them are those that nothing can be done about, and those that
/// tell of a fault in the program.
const ENDING: [Signal; 11] = [
    Signal::HUP,
    Signal::INT,
    Signal::QUIT,
    Signal::TERM,
    Signal::USR1,
    Signal::USR2,
    Signal::ALARM,
    Signal::VTALARM,
    Signal::PROF,
    Signal::XCPU,
    Signal::XFSZ,
];
/// A second one of these ends the process at once.
const INSISTING: [Signal; 3] = [Signal::INT, Signal::QUIT, Signal::TERM];
/// `timeout` and closed terminals send the same signal twice, right away.
const ECHO: Duration = Duration::from_millis(100);
/// What a shell adds to the number of the signal that ended a program.
const ENDED_BY_SIGNAL: i32 = 128;

/// The signals that end a process, heard from here on.
pub(crate) struct Signals {
    heard: Vec<(Signal, tokio::signal::unix::Signal)>,
}

impl Signals {
    /// A hangup that was ignored when the process began stays ignored: that is what `nohup` is for.
    pub(crate) fn listen() -> Result<Self> {
        let mut heard = Vec::with_capacity(ENDING.len());
        for one in ENDING.into_iter().filter(|one| *one != Signal::HUP || !is_ignored(Signal::HUP)) {
            heard.push((one, signal(SignalKind::from_raw(one.as_raw())).map_err(Error::internal)?));
        }
        Ok(Self { heard })
    }

    /// Cancels `stop` at the first signal; when somebody insists, the process is gone at once. Never ends by itself.
    pub(crate) async fn obey(mut self, stop: CancellationToken) {
        let first = self.next().await;
        tracing::info!(signal = first.as_raw(), "stopping; a second signal ends the process at once");
        stop.cancel();
        self.next_but_echo().await;
        end_by(Signal::INT)
    }

    /// The next with which somebody insists, after the first one.
    pub(crate) async fn next_but_echo(&mut self) {
        let begin = Instant::now();
        while !INSISTING.contains(&self.next().await) || begin.elapsed() < ECHO {}
    }

    /// The next of them.
    pub(crate) async fn next(&mut self) -> Signal {
        let each = self.heard.iter_mut().map(|(signal, heard)| {
            Box::pin(async move {
                heard.recv().await;
                *signal
            })
        });
        select_all(each).await.0
    }
}

/// Ends the process without waiting for anything. Its PostgreSQL is told to stop, and ends by itself.
pub(crate) fn end_by(signal: Signal) -> ! {
    ddb_postgres::abandon();
    #[expect(clippy::disallowed_methods, reason = "a second signal asks for the end at once")]
    std::process::exit(ENDED_BY_SIGNAL + signal.as_raw())
}

/// As the process began, before anything listens.
#[cfg(target_os = "linux")]
fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal.as_raw() - 1) & 1 == 1)
}

/// Not known without `/proc`.
#[cfg(not(target_os = "linux"))]
fn is_ignored(_signal: Signal) -> bool {
    false
}
